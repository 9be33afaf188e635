package cntk.spark;

import org.apache.spark.SparkConf;

/**
 * The command line for {@code spark-submit --class cntk.spark.Submit}: that of {@code ./cntk}, but the tiles of {@code run}
 * are computed by the executors of a cluster. The driver plans, reports and solves.
 */
public final class Submit {
    private Submit() {}

    /** Runs the command line; ends the JVM with its exit code unless that is 0, when Spark wants to end it. */
    public static void main(String[] args) {
        SparkConf conf = new SparkConf();
        int code = cntk.cli.Main.execute((backend, devices) -> ClusterSite.choose(conf, backend, devices), args);
        if (code != 0) {
            System.exit(code);
        }
    }
}
