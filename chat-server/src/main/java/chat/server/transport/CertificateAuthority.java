package chat.server.transport;

import io.grpc.util.CertificateUtils;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.CertIOException;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** A small authority of one cluster: a key, and certificates signed with it. Immutable. */
public final class CertificateAuthority {
  private static final Duration VALIDITY = Duration.ofDays(3650);

  /** Clocks differ: what is made now is good on a machine that is a little behind. */
  private static final Duration CLOCK_DIFFERENCE = Duration.ofHours(1);

  private static final int LINE_LENGTH = 64;

  private static final SecureRandom RANDOM = new SecureRandom();

  private final X509Certificate certificate;
  private final PrivateKey key;

  /** What a certificate is for. */
  public enum Use {
    SERVER,
    CLIENT,
    BOTH;

    private ExtendedKeyUsage purposes() {
      return switch (this) {
        case SERVER -> new ExtendedKeyUsage(KeyPurposeId.id_kp_serverAuth);
        case CLIENT -> new ExtendedKeyUsage(KeyPurposeId.id_kp_clientAuth);
        case BOTH ->
            new ExtendedKeyUsage(
                new KeyPurposeId[] {KeyPurposeId.id_kp_serverAuth, KeyPurposeId.id_kp_clientAuth});
      };
    }
  }

  /** A certificate and its key. */
  public record Issued(X509Certificate certificate, PrivateKey key) {
    /** Replaces the two files, each at once; the key's is for nobody but its owner. */
    public void write(Path certificateFile, Path keyFile)
        throws IOException, CertificateEncodingException {
      replace(keyFile, "PRIVATE KEY", key.getEncoded(), "rw-------");
      replace(certificateFile, "CERTIFICATE", certificate.getEncoded(), "rw-r--r--");
    }

    private static void replace(Path file, String type, byte[] content, String permissions)
        throws IOException {
      String text =
          "-----BEGIN "
              + type
              + "-----\n"
              + Base64.getMimeEncoder(LINE_LENGTH, new byte[] {'\n'}).encodeToString(content)
              + "\n-----END "
              + type
              + "-----\n";
      Path temporary = file.resolveSibling(file.getFileName() + ".tmp");
      Files.deleteIfExists(temporary);
      Files.createFile(
          temporary,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions)));
      Files.writeString(temporary, text, StandardOpenOption.WRITE);
      Files.move(
          temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }
  }

  private CertificateAuthority(X509Certificate certificate, PrivateKey key) {
    this.certificate = certificate;
    this.key = key;
  }

  /** A new one. */
  public static CertificateAuthority create(String name) throws GeneralSecurityException {
    KeyPair keys = keyPair();
    X500Name subject = new X500Name("CN=" + name);
    try {
      X509v3CertificateBuilder builder = builder(subject, subject, keys, VALIDITY);
      builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(0));
      builder.addExtension(
          Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign));
      builder.addExtension(
          Extension.subjectKeyIdentifier,
          false,
          new JcaX509ExtensionUtils().createSubjectKeyIdentifier(keys.getPublic()));
      return new CertificateAuthority(sign(builder, keys.getPrivate()), keys.getPrivate());
    } catch (CertIOException e) {
      throw new GeneralSecurityException("cannot make an authority", e);
    }
  }

  /** One that was made before. */
  public static CertificateAuthority read(Path certificate, Path key)
      throws IOException, GeneralSecurityException {
    try (InputStream certificateIn = Files.newInputStream(certificate);
        InputStream keyIn = Files.newInputStream(key)) {
      return new CertificateAuthority(
          CertificateUtils.getX509Certificates(certificateIn)[0],
          CertificateUtils.getPrivateKey(keyIn));
    }
  }

  /** Its own certificate, for those who trust it, and its key, which makes others. */
  public Issued own() {
    return new Issued(certificate, key);
  }

  /**
   * Issues a certificate.
   *
   * @param names DNS names and IP addresses, of which the first is its subject as well
   * @param validity from now on
   */
  public Issued issue(List<String> names, Use use, Duration validity)
      throws GeneralSecurityException {
    KeyPair keys = keyPair();
    try {
      X509v3CertificateBuilder builder =
          builder(
              new X500Name(certificate.getSubjectX500Principal().getName()),
              new X500Name("CN=" + names.get(0)),
              keys,
              validity);
      builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(false));
      builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature));
      builder.addExtension(Extension.extendedKeyUsage, false, use.purposes());
      builder.addExtension(
          Extension.subjectAlternativeName,
          false,
          new GeneralNames(
              names.stream().map(CertificateAuthority::name).toArray(GeneralName[]::new)));
      builder.addExtension(
          Extension.authorityKeyIdentifier,
          false,
          new JcaX509ExtensionUtils().createAuthorityKeyIdentifier(certificate));
      return new Issued(sign(builder, key), keys.getPrivate());
    } catch (CertIOException e) {
      throw new GeneralSecurityException("cannot make a certificate for " + names, e);
    }
  }

  private static GeneralName name(String text) {
    boolean number = text.indexOf(':') >= 0 || text.matches("[0-9]+(\\.[0-9]+){3}");
    return new GeneralName(number ? GeneralName.iPAddress : GeneralName.dNSName, text);
  }

  private static KeyPair keyPair() throws GeneralSecurityException {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(new ECGenParameterSpec("secp256r1"), RANDOM);
    return generator.generateKeyPair();
  }

  private static X509v3CertificateBuilder builder(
      X500Name issuer, X500Name subject, KeyPair keys, Duration validity) {
    Instant now = Instant.now();
    return new JcaX509v3CertificateBuilder(
        issuer,
        new BigInteger(127, RANDOM),
        Date.from(now.minus(CLOCK_DIFFERENCE)),
        Date.from(now.plus(validity)),
        subject,
        keys.getPublic());
  }

  private static X509Certificate sign(X509v3CertificateBuilder builder, PrivateKey key)
      throws GeneralSecurityException {
    try {
      return new JcaX509CertificateConverter()
          .getCertificate(builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(key)));
    } catch (OperatorCreationException e) {
      throw new GeneralSecurityException("cannot sign", e);
    }
  }
}
