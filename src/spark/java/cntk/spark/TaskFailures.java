package cntk.spark;

import cntk.backend.BackendUnavailableException;
import cntk.cli.KernelWatch;
import cntk.dataset.InputException;
import cntk.gram.StoreException;
import cntk.plan.Tile;
import cntk.schedule.ScheduleException;
import java.util.List;
import org.apache.spark.ExceptionFailure;
import org.apache.spark.Success$;
import org.apache.spark.TaskFailedReason;
import org.apache.spark.TaskKilled;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorRemoved;
import org.apache.spark.scheduler.SparkListenerTaskEnd;

/** Passes on what goes wrong on executors; Spark has then already decided what to do about it. */
final class TaskFailures extends SparkListener {
    private final KernelWatch watch;

    // Guarded by this.
    private List<Tile> tiles = List.of();
    private int count;

    TaskFailures(KernelWatch watch) {
        this.watch = watch;
    }

    /** @param tiles by partition of the job to come */
    synchronized void wave(List<Tile> tiles) {
        this.tiles = tiles;
    }

    /** Attempts that failed, those excepted that lost a race. */
    synchronized int count() {
        return count;
    }

    @Override
    public synchronized void onTaskEnd(SparkListenerTaskEnd end) {
        int partition = end.taskInfo().partitionId();
        if (Success$.MODULE$.equals(end.reason()) || end.reason() instanceof TaskKilled || partition >= tiles.size()) {
            return;
        }
        count++;
        watch.tileFailed(
                tiles.get(partition),
                "executor " + end.taskInfo().executorId() + " on "
                        + end.taskInfo().host(),
                end.taskInfo().attemptNumber() + 1,
                new TaskFailure(text(end)));
    }

    private static String text(SparkListenerTaskEnd end) {
        if (end.reason() instanceof ExceptionFailure failure) {
            return failure.className() + ": " + failure.description();
        }
        return end.reason() instanceof TaskFailedReason reason ? reason.toErrorString() : String.valueOf(end.reason());
    }

    @Override
    public void onExecutorRemoved(SparkListenerExecutorRemoved removed) {
        watch.workerLost("executor " + removed.executorId(), new TaskFailure(removed.reason()));
    }

    /** The failure of a task on an executor where it says what to do, else that of Spark. */
    static RuntimeException unwrapped(Exception failure, String left) {
        for (Throwable cause = failure.getCause(); cause != null; cause = cause.getCause()) {
            if (cause instanceof InputException
                    || cause instanceof StoreException
                    || cause instanceof BackendUnavailableException) {
                return (RuntimeException) cause;
            }
        }
        String message = String.valueOf(failure.getMessage());
        return ScheduleException.ofCluster(left, message.lines().findFirst().orElse(message), failure);
    }

    /** What Spark says of a failure. */
    private static final class TaskFailure extends Exception {
        private static final long serialVersionUID = 1L;

        TaskFailure(String message) {
            super(message);
        }

        @Override
        @SuppressWarnings("OverrideThrowableToString") // its class says nothing
        public String toString() {
            return String.valueOf(getMessage());
        }
    }
}
