#!/bin/sh
# Compiles the kernels with nvcc and holds them to their cards.
#   build.sh OUT WORK
# OUT (target/classes/kernels) receives
#   NAME.fatbin         machine code for every architecture below and PTX for all later ones, one per .cu file
#   images.properties   architectures, ptx, toolkit: what the host needs to choose
#   report.tsv          kernel, architecture, registers, stack, spill stores, spill loads, static shared memory (bytes), the card's
#                       most registers and shared memory
#   NAME.ARCH.cubin, NAME.ptx   of the kernels that hold their planes in registers, for the cost model
# WORK keeps PTX, cubins and logs; what is newer than its sources stays. Without nvcc on the PATH nothing is built, and the engine
# says so in `cntk devices`.
#   CNTK_NO_NVCC=1   as if nvcc were missing
# Ends with 1 if a kernel spills, exceeds its card or has none. The cards are of one toolkit (`reference`): with another one, whose
# register allocation differs, that is only said. NVRTC 12.6 spills 16 to 24 bytes of plane_recursion_16 and _32 on sm_80.
set -eu
here=$(CDPATH='' cd "$(dirname "$0")" && pwd -P)
out=$1
work=$2
architectures="80 86 89 90 100 120"
ptx=80
reference=13.0
modelled="plane_recursion plane_flatten" # code read by the cost model
model_architectures="80 89 90"

if [ -n "${CNTK_NO_NVCC:-}" ] || ! command -v nvcc >/dev/null 2>&1; then
    echo "kernels-cuda: nvcc is not on the PATH: no kernels are compiled" >&2
    exit 0
fi
mkdir -p "$out" "$work"
if command -v flock >/dev/null 2>&1; then # one build at a time
    exec 9>"$work/.lock"
    flock 9
fi

# newer FILE SOURCE...: whether any source is newer than the file, or the file is missing.
newer() {
    [ -e "$1" ] || return 0
    target=$1
    shift
    [ -n "$(find "$@" -newer "$target" | head -n 1)" ]
}

# One job a line for xargs: PTX first, then machine code of every architecture from it. Long files first.
names=$(cd "$here" && wc -c ./*.cu common/*.cuh >/dev/null && ls ./*.cu | sed 's|^\./||; s|\.cu$||')
for name in plane_recursion plane_flatten $names; do
    case " ${seen:-} " in *" $name "*) continue ;; esac
    seen="${seen:-} $name"
    if newer "$work/$name.ptx" "$here/$name.cu" "$here/common" "$here/build.sh"; then
        echo "$name"
    fi
done >"$work/ptx.jobs"
# -fmad stays on; no --use_fast_math: cheap intrinsics are called by name in the sources
xargs -r -P "$(getconf _NPROCESSORS_ONLN)" -I NAME sh -c '
    nvcc -std=c++17 -ptx -arch="compute_$2" -o "$0/NAME.ptx.part" "$1/NAME.cu" &&
        mv "$0/NAME.ptx.part" "$0/NAME.ptx"' "$work" "$here" "$ptx" <"$work/ptx.jobs"

for name in $seen; do
    for architecture in $architectures; do
        if newer "$work/$name.sm_$architecture.cubin" "$work/$name.ptx"; then
            echo "$name.sm_$architecture $name $architecture"
        fi
    done
done >"$work/cubin.jobs"
xargs -r -P "$(getconf _NPROCESSORS_ONLN)" -n 3 sh -c '
    if ! ptxas -v -arch="sm_$3" -o "$0/$1.part" "$0/$2.ptx" 2>"$0/$1.log"; then
        cat "$0/$1.log" >&2
        exit 1
    fi
    mv "$0/$1.part" "$0/$1.cubin"' "$work" <"$work/cubin.jobs"

for name in $seen; do
    if newer "$out/$name.fatbin" "$work/$name.ptx"; then
        set -- --create="$out/$name.part" --64 --image3=kind=ptx,sm="$ptx",file="$work/$name.ptx"
        for architecture in $architectures; do
            set -- "$@" --image3=kind=elf,sm="$architecture",file="$work/$name.sm_$architecture.cubin"
        done
        fatbinary "$@"
        mv "$out/$name.part" "$out/$name.fatbin"
    fi
done
for name in $modelled; do
    cp -u "$work/$name.ptx" "$out/"
    for architecture in $model_architectures; do
        cp -u "$work/$name.sm_$architecture.cubin" "$out/"
    done
done

# Budgets stand in the cards, one pattern a line:  plane_pool_*: regs <= 64, smem <= 0 B, spills 0
sed -n 's/^ \*  *\(Budget\)\{0,1\}  *\([a-z_0-9*]*\): regs <= \([0-9]*\), smem <= \([0-9]*\) B, spills 0.*/\2 \3 \4/p' \
    "$here"/*.cu >"$work/budgets"
for name in $seen; do
    for architecture in $architectures; do
        awk -v architecture="sm_$architecture" -v budgets="$work/budgets" -f "$here/report.awk" \
            "$work/$name.sm_$architecture.log"
    done
done >"$work/report"
{
    printf 'kernel\tarchitecture\tregisters\tstack\tspill_stores\tspill_loads\tshared\tmost_registers\tmost_shared\n'
    cat "$work/report"
} >"$out/report.tsv"
toolkit=$(nvcc --version | sed -n 's/.*release \([0-9.]*\),.*/\1/p')
printf 'architectures=%s\nptx=%s\ntoolkit=%s\nreference=%s\n' "$architectures" "$ptx" "$toolkit" "$reference" \
    >"$out/images.properties"

awk -F '\t' -v toolkit="$toolkit" -v reference="$reference" '
    $8 == "" { print "kernels-cuda: " $1 " has no budget in a card"; bad = missing = 1; next }
    $4 + $5 + $6 > 0 { print "kernels-cuda: " $1 " on " $2 " spills: stack " $4 ", stores " $5 ", loads " $6 " bytes"; bad = 1 }
    $3 > $8 { print "kernels-cuda: " $1 " on " $2 " takes " $3 " registers, its card allows " $8; bad = 1 }
    $7 > $9 { print "kernels-cuda: " $1 " on " $2 " takes " $7 " bytes of shared memory, its card allows " $9; bad = 1 }
    END {
        print "kernels-cuda: " NR " kernel images, " (bad ? "not " : "") "as their cards say"
        if (bad && !missing && toolkit != reference) {
            print "kernels-cuda: WARNING: the cards are of CUDA " reference ", this is " toolkit ": slower perhaps, not wrong"
            bad = 0
        }
        exit bad
    }
' "$work/report" >&2
