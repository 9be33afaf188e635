package cntk.backend.cuda;

import cntk.plan.KernelTask;
import cntk.plan.PlaneProgram;
import cntk.plan.Precision;

/** What the devices compute together, as the host knows it; {@code rows == cols} is the symmetric case. */
record OpenMatrix(KernelTask task, Precision precision, PlaneProgram program, SourceImages rows, SourceImages cols) {}
