package cntk.arch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import cntk.dataset.ImageShape;
import cntk.dataset.InputException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NetworkVariantsTest {
    private static final ImageShape CIFAR = new ImageShape(3, 32, 32);

    @Test
    void valuesOfArgumentsMakeEveryCombination() {
        List<NetworkVariants.Variant> variants =
                NetworkVariants.parse("enhanced(depth=9,c=4)", " depth=3,5  c=0,4,12 ", CIFAR);
        assertThat(variants)
                .extracting(NetworkVariants.Variant::label)
                .containsExactly(
                        "depth=3,c=0", "depth=3,c=4", "depth=3,c=12", "depth=5,c=0", "depth=5,c=4", "depth=5,c=12");
        assertThat(variants.get(5).network().layers())
                .isEqualTo(ArchitectureParser.network("enhanced(depth=5,c=12)", CIFAR)
                        .layers());
    }

    @Test
    void argumentsThatAreNotNamedStay() {
        List<NetworkVariants.Variant> variants =
                NetworkVariants.parse(" cntk(depth=11, readout=flatten, fix=true)", "depth=3", CIFAR);
        assertThat(variants).hasSize(1);
        assertThat(variants.getFirst().network().layers())
                .isEqualTo(ArchitectureParser.network("cntk(depth=3,readout=flatten,fix=true)", CIFAR)
                        .layers());
    }

    @Test
    void aFirstArgumentWithoutItsNameStaysOrIsReplaced() {
        assertThat(NetworkVariants.parse("cntk(4)", "readout=flatten", CIFAR)
                        .getFirst()
                        .network()
                        .layers())
                .isEqualTo(ArchitectureParser.network("cntk(4,readout=flatten)", CIFAR)
                        .layers());
        assertThat(NetworkVariants.parse("cntk(4,readout=flatten)", "depth=3", CIFAR)
                        .getFirst()
                        .network()
                        .layers())
                .isEqualTo(ArchitectureParser.network("cntk(3,readout=flatten)", CIFAR)
                        .layers());
    }

    @Test
    void wholeNetworksStandBetweenBarsAndEqualOnesOnce() {
        List<NetworkVariants.Variant> variants = NetworkVariants.parse(
                "conv relu gap",
                "conv relu gap dense | conv residual(relu conv | conv(k=1)) gap|conv relu gap dense",
                CIFAR);
        assertThat(variants).hasSize(2);
        assertThat(variants.get(1).network().layers()).hasSize(3);
        assertThat(variants.get(1).label())
                .isEqualTo(variants.get(1).network().architecture().id());
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', textBlock = """
            conv relu gap     ; depth=3       ; for the arguments of one preset
            cntk(depth=3)     ; depth=3 4     ; '4' is not an argument with its values
            cntk(depth=3)     ; depth=3,      ; 'depth=3,' is not an argument with its values
            cntk(depth=3)     ; depth=2 depth=4 ; 'depth' is given twice
            cntk(depth=3)     ; depth=1       ; readout depth=1
            cntk(depth=3)     ; width=4       ; readout width=4
            cntk(depth=3)     ; conv relu | gup ; readout conv relu
            """)
    void whatCannotBeReadIsNamed(String arch, String variants, String message) {
        assertThatThrownBy(() -> NetworkVariants.parse(arch, variants, CIFAR))
                .isInstanceOf(InputException.class)
                .hasMessageContaining(message);
    }
}
