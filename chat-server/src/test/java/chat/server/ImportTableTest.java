package chat.server;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Imports run one way: the table of ARCHITECTURE.md, held as a test. */
class ImportTableTest {
  private static final String JSPECIFY = "org.jspecify.annotations";
  private static final String[] OURS = {
    "replication", "chat", "log", "storage", "transport", "api", "admin", "runtime", "files"
  };

  private final JavaClasses classes =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("chat.server");

  @Test
  void replicationImportsNothingButLangAndUtil() {
    classes()
        .that()
        .resideInAPackage("chat.server.replication")
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage(
            "chat.server.replication",
            "java.lang",
            "java.lang.annotation",
            "java.lang.invoke",
            "java.lang.runtime",
            "java.util",
            "java.util.function",
            "java.util.random",
            "java.util.stream",
            "java.util.zip",
            JSPECIFY)
        .check(classes);
    noClasses()
        .that()
        .resideInAPackage("chat.server.replication")
        .should()
        .callMethod(System.class, "nanoTime")
        .orShould()
        .callMethod(System.class, "currentTimeMillis")
        .orShould()
        .dependOnClassesThat()
        .haveFullyQualifiedName(Thread.class.getName())
        .check(classes);
  }

  @Test
  void chatImportsTheJdkOnly() {
    classes()
        .that()
        .resideInAPackage("chat.server.chat")
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage(
            "chat.server.chat", "java.lang..", "java.util..", "java.nio..", JSPECIFY)
        .check(classes);
    noClasses()
        .that()
        .resideInAPackage("chat.server.chat")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("java.util.concurrent..", "java.nio.file..", "java.nio.channels..")
        .check(classes);
  }

  @Test
  void everyRoomImportsOnlyWhatTheTableAllows() {
    mayImport("runtime", "replication", "chat");
    mayImport("files");
    mayImport("log", "runtime", "replication", "files");
    mayImport("storage", "runtime", "replication", "chat", "files");
    mayImport("transport", "runtime", "replication");
    mayImport("api", "chat");
    mayImport("admin", "replication", "transport");
  }

  @Test
  void technologiesStayInTheirRooms() {
    noClasses()
        .that()
        .resideOutsideOfPackages("chat.server.storage")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("java.sql..", "javax.sql..", "org.h2..")
        .check(classes);
    noClasses()
        .that()
        .resideOutsideOfPackages(
            "chat.server.transport", "chat.server.api", "chat.server.admin", "chat.server")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("io.grpc..", "com.google.protobuf..")
        .check(classes);
  }

  @Test
  void nobodyImportsTheCompositionRoot() {
    noClasses()
        .that()
        .resideOutsideOfPackage("chat.server")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("chat.server")
        .check(classes);
  }

  private void mayImport(String room, String... allowed) {
    List<String> forbidden = new ArrayList<>();
    for (String other : OURS) {
      if (!other.equals(room) && !Arrays.asList(allowed).contains(other)) {
        forbidden.add("chat.server." + other);
      }
    }
    noClasses()
        .that()
        .resideInAPackage("chat.server." + room)
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(forbidden.toArray(String[]::new))
        .check(classes);
  }
}
