package cntk;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaFieldAccess;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.util.List;

/** Holds the order of the packages, and keeps each outside library in the packages that may know it. */
@AnalyzeClasses(packages = "cntk", importOptions = ImportOption.DoNotIncludeTests.class)
final class ArchitectureRulesTest {

    /** The order in which data flows, as in the root's package-info.java. */
    private static final List<String> ORDER = List.of(
            "dataset",
            "arch",
            "maths",
            "finite",
            "plan",
            "backend",
            "gram",
            "schedule",
            "solve",
            "report",
            "cli",
            "spark");

    @ArchTest
    static final ArchRule packagesAreFreeOfCycles =
            slices().matching("cntk.(*)..").should().beFreeOfCycles().allowEmptyShould(true);

    @ArchTest
    static final ArchRule everyClassStandsInAPackageOfTheOrder = classes()
            .that()
            .doNotHaveSimpleName("package-info")
            .should()
            .resideInAnyPackage(subtrees(ORDER))
            .allowEmptyShould(true);

    @ArchTest
    static final ArchRule incubatingModulesStayInTheCpuBackend = only("jdk.incubator..", "cntk.backend.cpu..");

    @ArchTest
    static final ArchRule picocliStaysInCli = only("picocli..", "cntk.cli..");

    @ArchTest
    static final ArchRule sparkStaysInItsPackage = noClasses()
            .that()
            .resideOutsideOfPackage("cntk.spark..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("org.apache.spark..", "org.apache.hadoop..", "scala..")
            .allowEmptyShould(true);

    @ArchTest
    static final ArchRule jcudaStaysInTheCudaBackendAndSolve = noClasses()
            .that()
            .resideOutsideOfPackages("cntk.backend.cuda..", "cntk.solve..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("jcuda..", "org.jcuda..")
            .allowEmptyShould(true);

    @ArchTest
    static final ArchRule standardOutputBelongsToCliAndReport = noClasses()
            .that()
            .resideOutsideOfPackages("cntk.cli..", "cntk.report..")
            .should()
            .accessFieldWhere(describe(
                    "the field is System.out",
                    (JavaFieldAccess access) -> access.getTargetOwner().isEquivalentTo(System.class)
                            && access.getTarget().getName().equals("out")))
            .allowEmptyShould(true);

    @ArchTest
    static void aPackageDependsOnlyOnThoseBeforeIt(JavaClasses classes) {
        for (int place = 0; place < ORDER.size() - 1; place++) {
            noClasses()
                    .that(resideInAnyPackage("cntk." + ORDER.get(place) + ".."))
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage(subtrees(ORDER.subList(place + 1, ORDER.size())))
                    .because("the order is " + String.join(" -> ", ORDER))
                    .allowEmptyShould(true)
                    .check(classes);
        }
    }

    private static ArchRule only(String library, String home) {
        return noClasses()
                .that()
                .resideOutsideOfPackage(home)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(library)
                .allowEmptyShould(true);
    }

    private static String[] subtrees(List<String> packages) {
        return packages.stream().map(name -> "cntk." + name + "..").toArray(String[]::new);
    }
}
