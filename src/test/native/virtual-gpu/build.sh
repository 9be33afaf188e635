#!/bin/sh
# Builds the virtual GPU and the kernels for it with g++.
#   build.sh OUT [KERNEL.cu ...]
# OUT receives libcuda.so.1, libcusolver.so.11, libcusolverMg.so.11, libnvrtc.so.12 and
# libvgpu_kernels.so. What is newer than its sources stays. Without g++ (or not on Linux on x86-64) it says so, leaves
# OUT empty and ends with 0.
#   CXX                  the compiler; default g++
#   VGPU_CXXFLAGS        more options for everything, for example -fsanitize=undefined
set -eu
here=$(CDPATH='' cd "$(dirname "$0")" && pwd -P)
out=$1
shift
cxx=${CXX:-g++}

if ! command -v "$cxx" >/dev/null 2>&1 || [ "$(uname -sm)" != "Linux x86_64" ]; then
    rm -rf "$out"
    echo "WARNING: no virtual GPUs: they need $cxx on Linux on x86-64 (Debian: apt-get install g++)" >&2
    exit 0
fi

# gnu2: descriptors for the thread storage that is too large for one instruction, __shared__ (see thread_block.h).
flags="-std=c++20 -O2 -fPIC -fvisibility=hidden -mtls-dialect=gnu2 -Wall -Wextra -U_FORTIFY_SOURCE ${VGPU_CXXFLAGS:-}"
# Kernels: the instructions of every x86-64 server of the last ten years, no contraction that the source does not ask for.
kernel_flags="-march=haswell -ffp-contract=off -Wno-unknown-pragmas -Wno-unused-parameter"

cores=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)

mkdir -p "$out"
if command -v flock >/dev/null 2>&1; then # one build at a time
    exec 9>"$out/.lock"
    flock 9
fi

# same TEXT FILE: whether the file holds the text; afterwards it does.
same() {
    [ -f "$2" ] && [ "$(cat "$2")" = "$1" ] && return 0
    echo "$1" >"$2"
    return 1
}

same "$cxx $flags $kernel_flags" "$out/options" || rm -f "$out"/*.o "$out"/lib*

# newer FILE SOURCE...: whether any source is newer than the file, or the file is missing.
newer() {
    target=$1
    shift
    [ -e "$target" ] || return 0
    [ -n "$(find "$@" -newer "$target" -type f | head -n 1)" ]
}

# Notes the compilation of source $1 to object $2 with the options that follow, if a source is newer.
compile() {
    source=$1
    object=$2
    shift 2
    if newer "$object" "$source" "$here"/*.h ${headers:-}; then
        echo "$cxx $flags $* -I'$here' -x c++ -c '$source' -o '$object.part' && mv '$object.part' '$object'"
    fi
}

# Links $1 with the objects and options that follow, if one is newer.
link() {
    library=$out/$1
    shift
    for object in "$@"; do
        case $object in -*) continue ;; esac
        if newer "$library" "$object"; then
            # shellcheck disable=SC2086
            "$cxx" $flags -shared -Wl,-soname,"${library##*/}" -Wl,-rpath,'$ORIGIN' -o "$library.part" "$@"
            mv "$library.part" "$library"
            return
        fi
    done
}

driver="settings faults device memory copy stream module kernel_library launch grid block block_runner library_support"
driver_objects=
kernel_objects=
for name in $driver; do
    driver_objects="$driver_objects $out/$name.o"
done
for kernel in "$here"/kernels/*.cu "$@"; do
    kernel_objects="$kernel_objects $out/$(basename "$kernel" .cu).kernel.o"
done

# kernel FILE: notes the compilation of a kernel file.
kernel() {
    folder=$(dirname "$1")
    headers=$(find "$folder" -name '*.cuh')
    # shellcheck disable=SC2086
    compile "$1" "$out/$(basename "$1" .cu).kernel.o" $kernel_flags -I"'$folder'"
    headers=
}

# The largest file first: it takes as long as all others.
for file in "$@"; do
    case $file in */plane_recursion.cu) kernel "$file" ;; esac
done >"$out/jobs"
{
    for file in "$here"/kernels/*.cu "$@"; do
        case $file in */plane_recursion.cu) ;; *) kernel "$file" ;; esac
    done
    for name in $driver cusolver nothing nvrtc; do
        compile "$here/$name.cpp" "$out/$name.o"
    done
    compile "$here/dense.cpp" "$out/dense.o" -O3 -march=haswell
    # shellcheck disable=SC2086
    compile "$here/kernel_registry.cpp" "$out/kernel_registry.o" $kernel_flags
} >>"$out/jobs"
xargs -r -d '\n' -P "$cores" -I JOB sh -c JOB <"$out/jobs"

# shellcheck disable=SC2086
link libcuda.so.1 $driver_objects -ldl -lpthread
link libcusolver.so.11 "$out/cusolver.o" "$out/dense.o" "$out/libcuda.so.1"
link libcusolverMg.so.11 "$out/nothing.o"
link libnvrtc.so.12 "$out/nvrtc.o" "$out/libcuda.so.1"
same "$kernel_objects" "$out/kernels" || rm -f "$out/libvgpu_kernels.so"
# shellcheck disable=SC2086
link libvgpu_kernels.so $kernel_objects "$out/kernel_registry.o" "$out/libcuda.so.1"
