/** The tools that every agent-runtime has in itself. None of them reaches outside the process. */
import type { BuiltInTool } from '#crds/agent-tool.ts';
import { type CallableTool, makeCallable } from '#domain/conversation/call-tools.ts';
import { calculate } from './calculate.ts';
import { currentTime } from './current-time.ts';
import { parseEmail } from './parse-email.ts';

const TOOLS: Readonly<Record<BuiltInTool, CallableTool>> = {
  calculate: makeCallable(calculate),
  'current-time': makeCallable(currentTime),
  'parse-email': makeCallable(parseEmail),
};

export function builtInTool(name: BuiltInTool): CallableTool {
  return TOOLS[name];
}
