/**
 * ModelProbe: what the router found out about one Model. The operator asks for it and turns it into conditions,
 * so that provider keys are read by the router alone.
 *
 * Wire: GET /internal/models/{namespace}/{name}/probe with the operator's token (audience capataz-router).
 */
import { z } from 'zod';

export const ModelProbe = z.object({
  secret: z.enum(['resolved', 'notNeeded', 'notFound', 'keyMissing', 'keyMalformed', 'notReadYet']),
  price: z.enum(['override', 'table', 'unknown']),
  reachable: z.enum(['reachable', 'connectionFailed', 'certificateNotTrusted', 'serverError', 'notProbed']),
  key: z.enum(['accepted', 'notNeeded', 'refused', 'notProbed']),
  /** One sentence for a person; never contains a key. */
  message: z.string(),
});
export type ModelProbe = z.infer<typeof ModelProbe>;
