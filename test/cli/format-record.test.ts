import { expect } from 'chai';
import { formatRecord } from '../../cli/format-record.ts';

const RECORD = {
  v: 0,
  name: 'webtask',
  hostname: 'here',
  pid: 1,
  level: 30,
  time: '2026-11-22T12:00:00.123Z',
  msg: 'hello',
  container: 'shop',
  webtask: 'pay',
  req_id: '1.2',
  from: 'webtask',
};
const shown = (changes: object, inColor = false): string =>
  formatRecord(JSON.stringify({ ...RECORD, ...changes }), inColor);

describe('a record of the logs, for a person', () => {
  it('is a line: when, how important, of which webtask, what', () => {
    expect(shown({})).to.equal('12:00:00.123Z INFO  pay: hello');
  });

  it('has the name of the container where the webtask has none', () => {
    expect(shown({ webtask: undefined, level: 50 })).to.equal('12:00:00.123Z ERROR shop: hello');
  });

  it('has further lines indented, so that they are not taken for records', () => {
    expect(shown({ msg: 'a\nb\n\nc' })).to.equal('12:00:00.123Z INFO  pay: a\n    b\n    \n    c');
  });

  it('says of a request whether the webtask was compiled, and what it took', () => {
    const fields = { msg: 'finished', from: 'platform', start: 'cold', cpu_ms: 8.4, heap_bytes: 35_400_000 };
    expect(shown(fields)).to.equal('12:00:00.123Z INFO  pay: finished (cold, CPU 8ms, heap 35 MB)');
    expect(shown({ ...fields, start: undefined })).to.equal('12:00:00.123Z INFO  pay: finished (CPU 8ms, heap 35 MB)');
  });

  it('steers no terminal', () => {
    expect(shown({ msg: 'a\u001b[2Jb\u009bc', webtask: 'p\u001b' })).to.equal(
      '12:00:00.123Z INFO  p\\u{1b}: a\\u{1b}[2Jb\\u{9b}c',
    );
  });

  it('has a color on a terminal where it is a warning or an error, and steps back where it is the platform’s', () => {
    expect(shown({}, true)).to.equal('12:00:00.123Z INFO  pay: hello');
    expect(shown({ level: 40 }, true)).to.equal('\u001b[33m12:00:00.123Z WARN  pay: hello\u001b[0m');
    expect(shown({ level: 50 }, true)).to.equal('\u001b[31m12:00:00.123Z ERROR pay: hello\u001b[0m');
    expect(shown({ level: 20 }, true)).to.equal('\u001b[2m12:00:00.123Z DEBUG pay: hello\u001b[0m');
    expect(shown({ from: 'platform' }, true)).to.equal('\u001b[2m12:00:00.123Z INFO  pay: hello\u001b[0m');
    expect(shown({ from: 'platform', level: 50 }, true)).to.equal('\u001b[31m12:00:00.123Z ERROR pay: hello\u001b[0m');
  });

  it('that is none is shown as it is', () => {
    expect(formatRecord('no\u0007 record', false)).to.equal('no\\u{7} record');
    expect(formatRecord('1', false)).to.equal('1');
  });
});
