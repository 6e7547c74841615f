import { expect } from 'chai';
import { type Answer, type DecodedPacket, decode, encode, type RecordType } from 'dns-packet';
import fc from 'fast-check';
import { type Ask, answerQuery } from '../../../../runtime/worker/network/answer-query.ts';

const NO_SUCH_NAME = 3;
const TRUNCATED = 0x0200;
/** An answer as everybody's, with recursion asked for and available. */
const ANSWER = 0x0180;

describe('an answer to a question for a name', () => {
  const query = (name: string, type: RecordType = 'A', parts: object = {}): Buffer =>
    encode({ type: 'query', id: 77, questions: [{ name, type }], ...parts });
  const told =
    (...answers: Answer[]): Ask =>
    async () =>
      encode({ type: 'response', id: 5, questions: [{ name: 'x.test', type: 'A' }], answers });
  const address = (data: string, name = 'x.test'): Answer => ({
    name,
    type: data.includes(':') ? 'AAAA' : 'A',
    ttl: 9,
    data,
  });
  const unasked: Ask = async () => expect.fail('nobody is to be asked');
  const answerOf = async (
    bytes: Buffer,
    ask: Ask,
    { policy = 'public', overUdp = true }: { policy?: 'public' | 'all'; overUdp?: boolean } = {},
  ): Promise<DecodedPacket | undefined> => {
    const message = await answerQuery(bytes, policy, overUdp, ask);
    return message && decode(message);
  };
  const dataOf = (answer: DecodedPacket | undefined): unknown[] =>
    (answer?.answers ?? []).map((it) => 'data' in it && it.data);

  it('has the id and the question of who asked, and the records of who knows', async () => {
    const answer = await answerOf(query('x.test'), told(address('93.184.216.34')));
    expect(answer).to.deep.include({ id: 77, type: 'response', flags: ANSWER });
    expect(answer?.questions).to.deep.equal([{ name: 'x.test', type: 'A', class: 'IN' }]);
    expect(dataOf(answer)).to.deep.equal(['93.184.216.34']);
  });

  it('has no address that is not public, whatever else is answered', async () => {
    const mixed = told(address('10.0.0.1'), address('93.184.216.34'), address('::ffff:127.0.0.1'), address('fd00::1'));
    expect(dataOf(await answerOf(query('x.test'), mixed))).to.deep.equal(['93.184.216.34']);
    expect(dataOf(await answerOf(query('x.test'), mixed, { policy: 'all' }))).to.have.length(4);
  });

  it('is that there is no such name where nothing else is left of it', async () => {
    const alias: Answer = { name: 'x.test', type: 'CNAME', ttl: 9, data: 'inside.test' };
    const answer = await answerOf(query('x.test'), told(alias, address('10.0.0.1', 'inside.test')));
    expect(answer).to.deep.include({ flags: ANSWER | NO_SUCH_NAME, answers: [] });
  });

  it('knows no name of the machine, and of other machines only those with public addresses', async () => {
    for (const name of ['localhost', 'LOCALHOST', 'app.localhost']) {
      expect(await answerOf(query(name), unasked), name).to.deep.include({ flags: ANSWER | NO_SUCH_NAME });
    }
    const inside = ['1.0.0.10.in-addr.arpa', '254.169.254.169.IN-ADDR.arpa', `${'0.'.repeat(28)}0.0.d.f.ip6.arpa`];
    for (const name of inside) {
      expect(await answerOf(query(name, 'PTR'), unasked), name).to.deep.include({ flags: ANSWER | NO_SUCH_NAME });
    }
    const known = told({ name: '34.216.184.93.in-addr.arpa', type: 'PTR', ttl: 9, data: 'x.test' });
    expect(dataOf(await answerOf(query('34.216.184.93.in-addr.arpa', 'PTR'), known))).to.deep.equal(['x.test']);
    expect(dataOf(await answerOf(query(`1.${'0.'.repeat(23)}0.0.7.4.6.0.6.2.ip6.arpa`, 'PTR'), known))).to.have.length(
      1,
    );
  });

  it('leads with the policy all from localhost to the loopback address of the machine', async () => {
    expect(dataOf(await answerOf(query('localhost'), unasked, { policy: 'all' }))).to.deep.equal(['198.18.0.2']);
    expect(dataOf(await answerOf(query('localhost', 'AAAA'), unasked, { policy: 'all' }))).to.deep.equal([]);
  });

  it('is refused to questions for a whole zone, and to what is no plain question', async () => {
    const codes: Record<string, Buffer> = {
      REFUSED: query('x.test', 'AXFR'),
      NOTIMP: query('x.test', 'A', { flags: 5 << 11 }), // an update
    };
    for (const [code, bytes] of Object.entries(codes)) {
      expect(await answerOf(bytes, unasked), code).to.have.property('rcode', code);
    }
    const two = encode({
      type: 'query',
      questions: ['x.test', 'y.test'].map((name) => ({ name, type: 'A' as const })),
    });
    expect(await answerOf(two, unasked)).to.have.property('rcode', 'NOTIMP');
    const chaos = query('version.bind', 'TXT', { questions: [{ name: 'version.bind', type: 'TXT', class: 'CH' }] });
    expect(await answerOf(chaos, unasked)).to.have.property('rcode', 'NOTIMP');
    expect(await answerOf(encode({ type: 'response', id: 77, questions: [] }), unasked)).to.equal(undefined);
  });

  it('passes on nothing of the bytes of who asked but the name and what is asked of it', async () => {
    const option = {
      type: 'OPT',
      name: '.',
      udpPayloadSize: 4096,
      flags: 0,
      options: [{ code: 65_001, data: Buffer.from('x') }],
    };
    let passed: DecodedPacket | undefined;
    await answerOf(query('x.test', 'MX', { flags: 0x0130, additionals: [option] }), async (bytes) => {
      passed = decode(bytes);
      return told()(bytes);
    });
    expect(passed).to.deep.include({ id: 0, flags: 0x0100, questions: [{ name: 'x.test', type: 'MX', class: 'IN' }] });
    expect(passed?.additionals).to.have.length(1);
    expect(passed?.additionals?.[0]).to.deep.include({ type: 'OPT', udpPayloadSize: 1232, options: [] });
  });

  it('is cut off where it does not fit in a packet, so that it is asked for over TCP', async () => {
    const many = told(...Array.from({ length: 40 }, (_, index) => address(`93.184.216.${index}`)));
    expect(await answerOf(query('x.test'), many)).to.deep.include({ flags: ANSWER | TRUNCATED, answers: [] });
    expect(dataOf(await answerOf(query('x.test'), many, { overUdp: false }))).to.have.length(40);
    const edns = { additionals: [{ type: 'OPT', name: '.', udpPayloadSize: 65_535, flags: 0, options: [] }] };
    expect(dataOf(await answerOf(query('x.test', 'A', edns), many))).to.have.length(40);
    const more = told(...Array.from({ length: 80 }, (_, index) => address(`93.184.216.${index}`)));
    expect(await answerOf(query('x.test', 'A', edns), more)).to.deep.include({ flags: ANSWER | TRUNCATED });
  });

  it('is a failure where nobody answers, or what came is no message', async () => {
    const failing: Ask = async () => {
      throw new Error('no resolver answered');
    };
    for (const ask of [failing, async () => Buffer.from('what')]) {
      const answer = await answerOf(query('x.test'), ask);
      expect(answer).to.have.property('rcode', 'SERVFAIL');
      expect(answer?.questions).to.have.length(1);
    }
  });

  it('is given, or is not, to whatever bytes, and never throws', async () => {
    const bytes = fc.uint8Array({ maxLength: 64 }).map((it) => Buffer.from(it));
    const spoiled = fc.tuple(fc.nat(30), fc.nat(255)).map(([at, value]) => {
      const message = query('x.test');
      message[at % message.length] = value;
      return message;
    });
    await fc.assert(
      fc.asyncProperty(fc.oneof(bytes, spoiled), bytes, async (asked, answered) => {
        const message = await answerQuery(asked, 'public', true, async () => answered);
        return message === undefined || message.length <= 512;
      }),
    );
  });
});
