package chat.client;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Imports run one way: the client's lines of the table of ARCHITECTURE.md. */
class ImportTableTest {
  private final JavaClasses classes =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importUrl(ChatClient.class.getProtectionDomain().getCodeSource().getLocation());

  @Test
  void commandLineImportsTheLibraryAndNeverTheStubs() {
    classes()
        .that()
        .resideInAPackage("chat.client.cli..")
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage(
            "chat.client",
            "chat.client.cli..",
            "chat.common",
            "java..",
            "picocli..",
            "org.jline..",
            "org.jspecify.annotations")
        .check(classes);
  }

  @Test
  void libraryImportsNeitherItsUsersNorTheServer() {
    noClasses()
        .that()
        .resideInAPackage("chat.client")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "chat.client.bench..",
            "chat.client.cli..",
            "chat.client.demo..",
            "chat.client.rehearsal..",
            "chat.client.verify..",
            "chat.server..",
            "chat.replication..")
        .check(classes);
  }

  @Test
  void verifyAndDemoUseTheLibraryAsAnybodyDoes() {
    noClasses()
        .that()
        .resideInAnyPackage("chat.client.verify", "chat.client.demo")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "chat.v1..", "chat.server..", "chat.replication..", "chat.client.bench..")
        .check(classes);
    noClasses()
        .that()
        .resideInAPackage("chat.client.verify")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("chat.client.demo")
        .check(classes);
  }

  @Test
  void nobodyKnowsTheServerButAsACommand() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("chat.server..", "chat.replication..")
        .check(classes);
  }

  @Test
  void nobodyImportsTheBenchOrTheRehearsal() {
    for (String room : List.of("bench", "rehearsal")) {
      noClasses()
          .that()
          .resideOutsideOfPackage("chat.client." + room)
          .should()
          .dependOnClassesThat()
          .resideInAPackage("chat.client." + room)
          .check(classes);
    }
  }
}
