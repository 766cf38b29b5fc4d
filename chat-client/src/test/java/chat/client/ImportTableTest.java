package chat.client;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
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
            "chat.client.verify..",
            "chat.server..",
            "chat.replication..")
        .check(classes);
  }
}
