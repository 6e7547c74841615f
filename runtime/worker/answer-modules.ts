import type { Duplex } from 'node:stream';
import { LENGTH_BYTES, MAX_MODULE_BYTES } from './modules-descriptor.ts';

/**
 * Translates modules for a worker, one after the other, as it asks for them.
 *
 * @param toCommonJS - turns the text of a module into CommonJS
 * @param onBroken - is told of what is no question; nothing is read after that
 */
export function answerModules(
  pipe: Duplex,
  toCommonJS: (code: string, file: string) => Promise<string>,
  onBroken: (reason: string) => void,
): void {
  let unread = Buffer.alloc(0);
  pipe.on('error', () => undefined); // whoever was there has gone
  pipe.on('data', (chunk: Buffer) => {
    unread = Buffer.concat([unread, chunk]);
    if (unread.length < LENGTH_BYTES) return;
    const end = LENGTH_BYTES + unread.readUInt32BE();
    // It waits for each answer, so nothing comes after a question.
    if (end > MAX_MODULE_BYTES || unread.length > end) {
      pipe.destroy();
      onBroken('it asked for a module in a way that nobody understands');
    } else if (unread.length === end) {
      const question = unread.toString('utf8', LENGTH_BYTES);
      unread = Buffer.alloc(0);
      answer(question).then(send);
    }
  });

  async function answer(question: string): Promise<{ translated: string } | { error: string }> {
    try {
      const { code, file } = JSON.parse(question) as Record<string, unknown>;
      return { translated: await toCommonJS(String(code), String(file)) };
    } catch (error) {
      return { error: error instanceof Error ? error.message : String(error) };
    }
  }

  function send(message: object): void {
    const text = Buffer.from(JSON.stringify(message));
    const length = Buffer.alloc(LENGTH_BYTES);
    length.writeUInt32BE(text.length);
    pipe.write(Buffer.concat([length, text]));
  }
}
