package chat.server.transport;

import io.grpc.ChannelCredentials;
import io.grpc.ServerCredentials;
import io.grpc.TlsChannelCredentials;
import io.grpc.TlsServerCredentials;
import io.grpc.util.AdvancedTlsX509KeyManager;
import io.grpc.util.AdvancedTlsX509TrustManager;
import io.grpc.util.AdvancedTlsX509TrustManager.Verification;
import io.grpc.util.CertificateUtils;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A certificate, its key and an authority, read again whenever their files change: connections made
 * from then on use what is new, those that stand go on. Thread-safe.
 *
 * <p>grpc-util's key and trust manager do the work. Their own watching of files looks once a minute
 * and takes a certificate and a key that do not belong together, as they are for a moment while
 * somebody replaces one after the other; here such a pair waits for its other half.
 */
public final class TlsMaterial implements Closeable {
  static final Duration LOOK_EVERY = Duration.ofSeconds(5);

  private static final Logger logger = LoggerFactory.getLogger(TlsMaterial.class);
  private static final Duration EXPIRY_WARNING = Duration.ofDays(14);

  private final TlsFiles files;
  private final AdvancedTlsX509KeyManager keys = new AdvancedTlsX509KeyManager();
  private final AdvancedTlsX509TrustManager trusted;
  private final ScheduledExecutorService watch;
  private List<Stamp> seen;

  /** What changes with a file's content. */
  private record Stamp(Path file, Instant modified, long bytes, @Nullable Object id) {
    static List<Stamp> of(TlsFiles files) throws IOException {
      List<Stamp> stamps = new ArrayList<>();
      for (Path file : files.all()) {
        BasicFileAttributes now = Files.readAttributes(file, BasicFileAttributes.class);
        stamps.add(new Stamp(file, now.lastModifiedTime().toInstant(), now.size(), now.fileKey()));
      }
      return stamps;
    }
  }

  private TlsMaterial(TlsFiles files, Verification verification, Duration lookEvery)
      throws IOException {
    this.files = files;
    try {
      this.trusted = AdvancedTlsX509TrustManager.newBuilder().setVerification(verification).build();
      this.seen = Stamp.of(files);
      read();
    } catch (NoSuchFileException e) {
      throw new IOException("There is no file " + e.getFile() + ".", e);
    } catch (GeneralSecurityException e) {
      throw new IOException(unusable(e), e);
    }
    this.watch =
        Executors.newSingleThreadScheduledExecutor(
            work -> {
              Thread thread = new Thread(work, "tls-files");
              thread.setDaemon(true);
              return thread;
            });
    long millis = lookEvery.toMillis();
    var unused = watch.scheduleWithFixedDelay(this::look, millis, millis, TimeUnit.MILLISECONDS);
  }

  /**
   * Reads the files, and looks after them until it is closed. Whoever connects with it checks that
   * the other side's certificate names whom it meant to reach.
   *
   * @throws IOException if one of them cannot be used; its text names the file
   */
  public static TlsMaterial open(TlsFiles files) throws IOException {
    return open(files, LOOK_EVERY);
  }

  static TlsMaterial open(TlsFiles files, Duration lookEvery) throws IOException {
    return new TlsMaterial(files, Verification.CERTIFICATE_AND_HOST_NAME_VERIFICATION, lookEvery);
  }

  /**
   * The same for somebody who does not care which of the authority's servers answers: an operator
   * asks at addresses, and learns from the answer who it is.
   */
  public static TlsMaterial openForAnyName(TlsFiles files) throws IOException {
    return new TlsMaterial(files, Verification.CERTIFICATE_ONLY_VERIFICATION, LOOK_EVERY);
  }

  /** For a port: shows the certificate, and asks for one where there is an authority. */
  public ServerCredentials forServer() {
    TlsServerCredentials.Builder tls = TlsServerCredentials.newBuilder().keyManager(keys);
    if (files.authority() != null) {
      tls.trustManager(trusted).clientAuth(TlsServerCredentials.ClientAuth.REQUIRE);
    }
    return tls.build();
  }

  /** For a connection to a port that asks for a certificate. */
  public ChannelCredentials forClient() {
    return TlsChannelCredentials.newBuilder().keyManager(keys).trustManager(trusted).build();
  }

  private void look() {
    try {
      List<Stamp> now = Stamp.of(files);
      if (!now.equals(seen)) {
        read();
        seen = now;
        logger.info("{} and what belongs to it were read anew", files.certificate());
      }
    } catch (IOException | GeneralSecurityException | RuntimeException e) {
      // Tried again: files are replaced one after the other.
      logger.warn("keeping the certificate in use: {}", unusable(e));
    }
  }

  private void read() throws IOException, GeneralSecurityException {
    X509Certificate[] chain = certificates(files.certificate());
    PrivateKey key;
    try (InputStream in = Files.newInputStream(files.key())) {
      key = CertificateUtils.getPrivateKey(in);
    }
    requirePair(chain[0], key);
    Path authority = files.authority();
    if (authority != null) {
      trusted.updateTrustCredentials(certificates(authority));
    }
    keys.updateIdentityCredentials(chain, key);
    Instant expiry = chain[0].getNotAfter().toInstant();
    if (expiry.isBefore(Instant.now().plus(EXPIRY_WARNING))) {
      logger.warn("the certificate {} is good until {} only", files.certificate(), expiry);
    }
  }

  private static X509Certificate[] certificates(Path file)
      throws IOException, GeneralSecurityException {
    try (InputStream in = Files.newInputStream(file)) {
      X509Certificate[] found = CertificateUtils.getX509Certificates(in);
      if (found.length == 0) {
        throw new GeneralSecurityException("there is no certificate in " + file);
      }
      return found;
    }
  }

  private void requirePair(X509Certificate certificate, PrivateKey key)
      throws GeneralSecurityException {
    String algorithm = key.getAlgorithm().equals("EC") ? "SHA256withECDSA" : "SHA256withRSA";
    byte[] anything = {1};
    Signature signing = Signature.getInstance(algorithm);
    signing.initSign(key);
    signing.update(anything);
    Signature checking = Signature.getInstance(algorithm);
    checking.initVerify(certificate.getPublicKey());
    checking.update(anything);
    if (!checking.verify(signing.sign())) {
      throw new GeneralSecurityException(
          files.key() + " is not the key of the certificate in " + files.certificate());
    }
  }

  private String unusable(Exception e) {
    return "Cannot use " + files.all() + ": " + e.getMessage() + ".";
  }

  @Override
  public void close() {
    watch.shutdownNow();
  }
}
