/** Writes each cycle as one JSON line of `"type":"trace"` to the process's output, between the lines of the log. */
import type { CycleRecord } from '#domain/conversation/trace.ts';
import { promptIdentity } from './run-answer.ts';
import type { ServedConfiguration } from './served-configuration.ts';

export function createTraceSink(options: {
  readonly podName: string;
  readonly writeLine: (line: string) => void;
  readonly now: () => Date;
}): (cycle: CycleRecord, served: ServedConfiguration, callerRequestId: string) => void {
  return (cycle, served, callerRequestId) => {
    const { namespace, name, uid } = served.configuration.agent;
    options.writeLine(
      `${JSON.stringify({
        type: 'trace',
        time: options.now().toISOString(),
        agent: { namespace, name, uid },
        pod: options.podName,
        prompt: promptIdentity(served),
        callerRequestId,
        ...cycle,
      })}\n`,
    );
  };
}
