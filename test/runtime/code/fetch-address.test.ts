import dns from 'node:dns';
import { getDefaultAutoSelectFamily, setDefaultAutoSelectFamily } from 'node:net';
import { expect } from 'chai';
import { type FetchPolicy, fetchCode } from '../../../runtime/code/index.ts';
import { type Origin, startOrigin } from '../../support/origin.ts';
import { type Refusal, refusalOf } from '../../support/refusal.ts';

const PUBLIC_ONLY: FetchPolicy = { publicOnly: true, allowedOrigins: [] };

/** The refusal of an address, in the normal spelling of its URL. */
function refused(url: string, address: string): Refusal {
  return {
    code: 'CODE_ADDRESS_REFUSED',
    message: `The code of the webtask cannot be fetched from ${url}: ${address} is not a public address.`,
    fix: `If this server may fetch from there, start it with --allow-origin ${new URL(url).origin}`,
  };
}

const LOOPBACK_SPELLINGS = ['127.0.0.1', '127.1', '127.0.1', '2130706433', '0x7f000001', '0x7F.1', '0177.0.0.1'].concat(
  ['017700000001', '127.0.0.1.', '127.000.000.001', '１２７.0.0.1', '①②⑦.⓪.⓪.①', '127%2e0.0.1', '127。0。0。1'],
);

const OTHER_SPELLINGS: Record<string, string> = {
  '0': '0.0.0.0',
  '10.1': '10.0.0.1',
  '192.168.257': '192.168.1.1',
  '169.254.169.254': '169.254.169.254',
  '0xA9FEA9FE': '169.254.169.254',
  '[::1]': '::1',
  '[0:0:0:0:0:0:0:1]': '::1',
  '[::]': '::',
  '[::ffff:127.0.0.1]': '::ffff:7f00:1',
  '[::ffff:a9fe:a9fe]': '::ffff:a9fe:a9fe',
  '[::127.0.0.1]': '::7f00:1',
  '[64:ff9b::10.0.0.1]': '64:ff9b::a00:1',
  '[64:ff9b:1::7f00:1]': '64:ff9b:1::7f00:1',
  '[2002:a00:1::]': '2002:a00:1::',
  '[2001:0:7f00:1::]': '2001:0:7f00:1::',
  '[fe80::1]': 'fe80::1',
  '[FD00:EC2::254]': 'fd00:ec2::254',
};

describe('where code is fetched from', () => {
  let origin: Origin;
  beforeEach(async () => {
    origin = await startOrigin((req, res) => {
      const to = new URL(req.url ?? '', 'http://x').searchParams.get('to');
      if (to) res.writeHead(302, { Location: to }).end();
      else res.end('code');
    });
  });
  afterEach(() => origin.close());

  for (const host of LOOPBACK_SPELLINGS) {
    it(`is not ${host}, which is 127.0.0.1 in another spelling`, async () => {
      expect(await refusalOf(fetchCode(`http://${host}:${origin.port}/pay.js`, PUBLIC_ONLY))).to.deep.equal(
        refused(`http://127.0.0.1:${origin.port}/pay.js`, '127.0.0.1'),
      );
      expect(origin.requests).to.have.length(0);
    });
  }

  for (const [host, address] of Object.entries(OTHER_SPELLINGS)) {
    it(`is not ${host}, which leads inside`, async () => {
      const shown = address.includes(':') ? `[${address}]` : address;
      expect(await refusalOf(fetchCode(`https://${host}/pay.js`, PUBLIC_ONLY))).to.deep.equal(
        refused(`https://${shown}/pay.js`, address),
      );
    });
  }

  it('is not a name that leads inside', async () => {
    const { address } = await dns.promises.lookup('localhost');
    expect(await refusalOf(fetchCode(`http://localhost:${origin.port}/pay.js`, PUBLIC_ONLY))).to.deep.equal(
      refused(`http://localhost:${origin.port}/pay.js`, address),
    );
    expect(origin.requests).to.have.length(0);
  });

  it('is not an inside address that an allowed origin redirects to', async () => {
    const other = await startOrigin((_, res) => res.end('code'));
    const policy = { publicOnly: true, allowedOrigins: [origin.origin] };
    expect(await refusalOf(fetchCode(`${origin.origin}/?to=${other.origin}/pay.js`, policy))).to.deep.equal(
      refused(`${other.origin}/pay.js`, '127.0.0.1'),
    );
    expect(other.requests).to.have.length(0);
    await other.close();
  });

  it('is an inside address where its exact origin is allowed: not another port, scheme or name of it', async () => {
    const policy = { publicOnly: true, allowedOrigins: [origin.origin] };
    expect((await fetchCode(`${origin.origin}/pay.js`, policy)).toString()).to.equal('code');
    expect((await fetchCode(`http://2130706433:${origin.port}/pay.js`, policy)).toString()).to.equal('code');

    for (const [url, address] of [
      [`http://127.0.0.1:${origin.port + 1}/pay.js`, '127.0.0.1'],
      ['http://127.0.0.1/pay.js', '127.0.0.1'],
      [`https://127.0.0.1:${origin.port}/pay.js`, '127.0.0.1'],
      [`http://127.0.0.2:${origin.port}/pay.js`, '127.0.0.2'],
    ] as const) {
      expect(await refusalOf(fetchCode(url, policy))).to.deep.equal(refused(url, address));
    }
    expect((await refusalOf(fetchCode(`http://localhost:${origin.port}/`, policy))).code).to.equal(
      'CODE_ADDRESS_REFUSED',
    );
    expect(origin.requests).to.have.length(2);
  });

  it('is an allowed origin by its name', async () => {
    const policy = { publicOnly: true, allowedOrigins: [`http://localhost:${origin.port}`] };
    expect((await fetchCode(`http://LOCALHOST:${origin.port}/pay.js`, policy)).toString()).to.equal('code');
  });

  it('is anywhere for a developer on their own machine', async () => {
    const anywhere = { publicOnly: false, allowedOrigins: [] };
    expect((await fetchCode(`${origin.origin}/pay.js`, anywhere)).toString()).to.equal('code');
  });

  describe('when the name has several addresses', () => {
    const lookup = dns.lookup;
    /** What a malicious DNS server says, one entry for each question. */
    let answers: dns.LookupAddress[][];
    let questions: string[];
    beforeEach(() => {
      questions = [];
      // The one thing here that no test can have for real: a name of the public DNS under its control.
      const answer = (
        hostname: string,
        _: unknown,
        callback: (error: null, addresses?: dns.LookupAddress[]) => void,
      ) => {
        questions.push(hostname);
        process.nextTick(callback, null, answers.shift());
      };
      Object.assign(dns, { lookup: answer });
    });
    afterEach(() => Object.assign(dns, { lookup }));

    it('is none of them if one leads inside', async () => {
      answers = [
        [
          { address: '3ffe::1', family: 6 },
          { address: '10.0.0.1', family: 4 },
        ],
      ];
      const url = `http://rebinding.example:${origin.port}/pay.js`;
      expect(await refusalOf(fetchCode(url, PUBLIC_ONLY))).to.deep.equal(refused(url, '10.0.0.1'));
    });

    for (const several of [true, false]) {
      const how = several ? 'all its addresses are tried' : 'only the first is tried';
      it(`is the address that was checked, since the name is asked once, when ${how}`, async () => {
        const before = getDefaultAutoSelectFamily();
        setDefaultAutoSelectFamily(several);
        // 3ffe::/16 was given back: it counts as public and nobody is there.
        answers = [[{ address: '3ffe::1', family: 6 }], [{ address: '127.0.0.1', family: 4 }]];
        const url = `http://rebinding.example:${origin.port}/pay.js`;
        const { code } = await refusalOf(fetchCode(url, PUBLIC_ONLY, { timeoutMs: 200 }));
        setDefaultAutoSelectFamily(before);
        expect(code).to.be.oneOf(['CODE_UNREACHABLE', 'CODE_TIMED_OUT']);
        expect(questions).to.deep.equal(['rebinding.example']);
        expect(origin.requests).to.have.length(0);
      });
    }

    it('is checked anew behind a redirect', async () => {
      answers = [[{ address: '127.0.0.1', family: 4 }]];
      const policy = { publicOnly: true, allowedOrigins: [origin.origin] };
      const url = `http://rebinding.example:${origin.port}/pay.js`;
      expect(await refusalOf(fetchCode(`${origin.origin}/?to=${url}`, policy))).to.deep.equal(
        refused(url, '127.0.0.1'),
      );
    });
  });
});
