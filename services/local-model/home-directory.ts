/**
 * Imported first: node-llama-cpp asks for the home directory while it is loaded, and that fails for a user without
 * HOME and without a line in /etc/passwd, such as 65532 in a bare image. Nothing is written there.
 */
import { tmpdir } from 'node:os';

process.env['HOME'] ??= tmpdir();
