/**
 * A queue of keys, in the manner of client-go's workqueue. A key is in one of these states:
 *
 *   absent -> waiting -> taken -> absent
 *                ^         |
 *                '- again -'   added while taken: waits once more when it is handed back
 *
 * So the same key is never handed out twice at once, and any number of additions while it waits are one. Beside
 * that a key may be due later (`addAfter`); the earliest time counts, and a key that becomes due joins the queue.
 * Memory is bounded by the number of keys.
 */
export interface WorkQueue {
  readonly add: (key: string) => void;
  /** Joins the queue in so many seconds, sooner when an earlier time is set already. */
  readonly addAfter: (key: string, seconds: number) => void;
  /** The next key; waits for one. Undefined once the queue is closed. */
  readonly take: () => Promise<string | undefined>;
  /** Every key that was taken must be handed back. */
  readonly done: (key: string) => void;
  /** Keys that wait now. */
  readonly depth: () => number;
  /** Hands out nothing more and drops every timer. */
  readonly close: () => void;
}

interface Delay {
  readonly dueMilliseconds: number;
  readonly timer: NodeJS.Timeout;
}

export function createWorkQueue(nowMilliseconds: () => number = () => performance.now()): WorkQueue {
  const waiting = new Set<string>();
  const taken = new Set<string>();
  const again = new Set<string>();
  const delays = new Map<string, Delay>();
  const takers: ((key: string | undefined) => void)[] = [];
  let isClosed = false;

  function add(key: string): void {
    if (isClosed) return;
    if (taken.has(key)) {
      again.add(key);
      return;
    }
    waiting.add(key);
    handOut();
  }

  function handOut(): void {
    while (takers.length > 0) {
      const next = waiting.values().next();
      if (next.done === true) return;
      waiting.delete(next.value);
      taken.add(next.value);
      takers.shift()?.(next.value);
    }
  }

  function addAfter(key: string, seconds: number): void {
    if (isClosed) return;
    const dueMilliseconds = nowMilliseconds() + seconds * 1000;
    const earlier = delays.get(key);
    if (earlier !== undefined) {
      if (earlier.dueMilliseconds <= dueMilliseconds) return;
      clearTimeout(earlier.timer);
    }
    const timer = setTimeout(
      () => {
        delays.delete(key);
        add(key);
      },
      Math.max(0, seconds * 1000),
    );
    delays.set(key, { dueMilliseconds, timer });
  }

  return {
    add,
    addAfter,
    take: async () => {
      if (isClosed) return undefined;
      return await new Promise((resolve) => {
        takers.push(resolve);
        handOut();
      });
    },
    done: (key) => {
      taken.delete(key);
      if (again.delete(key)) add(key);
    },
    depth: () => waiting.size,
    close: () => {
      isClosed = true;
      for (const { timer } of delays.values()) clearTimeout(timer);
      delays.clear();
      waiting.clear();
      again.clear();
      for (const taker of takers.splice(0)) taker(undefined);
    },
  };
}
