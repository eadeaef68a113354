/**
 * A failure that the user can mend: its message is one or two whole sentences that say what failed,
 * where, and what to do. The shells print the message alone; any other error is a defect of ours.
 */
export class ClusterError extends Error {
  override readonly name = 'ClusterError';
}
