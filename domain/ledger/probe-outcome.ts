/** The judge of a probe. Its verdict comes after the end of the run, so it is none of the records that `run_ended` counts. */
export const PROBE_JUDGE = 'probe';
