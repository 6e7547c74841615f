import { WebtaskError } from '../../errors.ts';

interface Waiting {
  readonly amount: number;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

/**
 * Makes changes of counts wait for each other under each name, and makes one of all that have come meanwhile. Where
 * that is refused, each is tried by itself.
 *
 * @example
 * const change = inBatches((container, amount) => write(container, amount));
 * await Promise.all([change('acme', 1), change('acme', 1), change('acme', 1)]); // two writes
 */
export function inBatches(
  change: (name: string, amount: number) => Promise<void>,
): (name: string, amount: number) => Promise<void> {
  const queues = new Map<string, Waiting[]>();

  async function changeOne({ amount, done, failed }: Waiting, name: string): Promise<void> {
    await change(name, amount).then(done, failed);
  }

  async function changeAll(batch: readonly Waiting[], name: string): Promise<void> {
    try {
      await change(
        name,
        batch.reduce((sum, { amount }) => sum + amount, 0),
      );
      for (const { done } of batch) done();
    } catch (error) {
      const isRefused = error instanceof WebtaskError && error.code === 'QUOTA_EXCEEDED';
      if (!isRefused) for (const { failed } of batch) failed(error);
      else for (const waiting of batch) await changeOne(waiting, name);
    }
  }

  async function work(name: string, queue: Waiting[]): Promise<void> {
    while (queue.length > 0) {
      const batch = queue.splice(0);
      const [only] = batch;
      if (only && batch.length === 1) await changeOne(only, name);
      else await changeAll(batch, name);
    }
    queues.delete(name);
  }

  return (name, amount) =>
    new Promise((done, failed) => {
      const queue = queues.get(name);
      if (queue) return void queue.push({ amount, done, failed });
      const own = [{ amount, done, failed }];
      queues.set(name, own);
      void work(name, own);
    });
}
