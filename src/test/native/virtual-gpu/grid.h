// Runs the blocks of a launch on all cores.
#pragma once

#include "block.h"

namespace vgpu {

// Blocks until every block has run, or one has failed (then says why).
CUresult run_grid(const Launch& launch);

}  // namespace vgpu
