package cntk.backend.cuda;

import java.util.Optional;

/**
 * What will run on a device, before anything is loaded.
 *
 * @param image where the code comes from
 * @param description one phrase for people
 * @param hint what to install where nothing fits
 */
public record KernelChoice(KernelImage image, String description, Optional<String> hint) {

    /** The engine's own kernels on this device. */
    public static KernelChoice of(CudaDeviceInfo device) {
        return of(KernelResources.PACKAGED.built(), device, Nvrtc.isAvailable());
    }

    static KernelChoice of(Optional<KernelResources.Built> built, CudaDeviceInfo device, boolean nvrtc) {
        KernelImage image = KernelImage.choose(built, device.capability(), device.driver(), nvrtc);
        return new KernelChoice(
                image,
                image.describe(built, device.capability()),
                image == KernelImage.NONE ? Optional.of(KernelImage.remedy(built)) : Optional.empty());
    }
}
