package cntk.cli;

import cntk.schedule.ProgressListener;

/** Whoever follows the work on a matrix: its tiles, and who computes them. */
public interface KernelWatch extends ProgressListener {
    /** Names a worker, before or after it did something. */
    void workerIs(String worker, String backend, String description);

    /** The worker was computing for so long. */
    void busy(String worker, long nanos);

    /** A notice for people, such as a batch made smaller because memory ran out; from any thread. */
    void say(String notice);
}
