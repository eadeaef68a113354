/**
 * Loaded into a service that is a child, before its program: it ends with its parent, also with one that was killed and
 * could end nothing, and it compiles nothing twice.
 */
import module from 'node:module';

// Not by `exit`: what is still to be logged has no reader, and waiting for one would never end.
process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'));
module.enableCompileCache();
