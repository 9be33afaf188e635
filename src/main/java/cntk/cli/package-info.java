/** The command line: parses options, runs the engine, turns every outcome into an exit code. */
@org.jspecify.annotations.NullMarked
package cntk.cli;
