// libcusolverMg.so.11: JCuda's native library names it as needed; none of its functions is called.
extern "C" __attribute__((visibility("default"))) void vgpu_nothing() {}
