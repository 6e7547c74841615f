import { type Answer, type DecodedPacket, decode, encode } from 'dns-packet';
import { isPublicAddress } from '../../code/index.ts';
import { GATEWAY, type NetworkPolicy } from './policy.ts';

/** Asks those who know: a message of DNS for a message of DNS. */
export type Ask = (query: Buffer) => Promise<Buffer>;

// RFC 1035 section 4.1.1
const RECURSION_DESIRED = 0x0100;
const RECURSION_AVAILABLE = 0x0080;
const TRUNCATED = 0x0200;
const OPCODE = 0x7800;
const SERVER_FAILURE = 2;
const NO_SUCH_NAME = 3;
const NOT_IMPLEMENTED = 4;
const REFUSED = 5;

/** Bytes of a UDP answer that no network on the way cuts in pieces (DNS flag day 2020), and of one without EDNS. */
const UDP_BYTES = 1232;
const PLAIN_UDP_BYTES = 512;
const TTL_SECONDS = 60;

/**
 * Answers a question for a name as a webtask may know it: addresses that are not public are left out, so that a name
 * leads nowhere that its address would not, and names of the machine and its network are unknown.
 *
 * Nothing of the asker's bytes is passed on: the question is written anew, and so is the answer.
 *
 * @param query - a message of DNS, from a stranger
 * @param overUdp - whether the answer has to fit in a packet
 * @returns the answer, or undefined for what is no question
 * @see RFC 1035 section 4; RFC 6761 section 6.3 (localhost)
 */
export async function answerQuery(
  query: Buffer,
  policy: Exclude<NetworkPolicy, 'none'>,
  overUdp: boolean,
  ask: Ask,
): Promise<Buffer | undefined> {
  const asked = read(query);
  if (asked?.type !== 'query') return undefined;
  const [question, ...others] = asked.questions ?? [];
  if (!question || others.length > 0 || !isQuestion(asked, question))
    return write(asked, [], { code: NOT_IMPLEMENTED });
  const reply = (answered: Answered): Buffer => write(asked, [question], answered);
  const bytes = await answerTo(question, policy, ask)
    .then(reply)
    .catch(() => reply({ code: SERVER_FAILURE }));
  return !overUdp || bytes.length <= udpBytesOf(asked) ? bytes : reply({ code: TRUNCATED });
}

type Question = NonNullable<DecodedPacket['questions']>[number];

/** What is answered: RCODE, with flags beyond the usual ones, and records. */
interface Answered {
  readonly code: number;
  readonly answers?: Answer[];
  readonly authorities?: Answer[];
}

async function answerTo(question: Question, policy: NetworkPolicy, ask: Ask): Promise<Answered> {
  if (['AXFR', 'IXFR', 'ANY'].includes(question.type)) return { code: REFUSED };
  if (/(^|\.)localhost$/i.test(question.name)) return localhost(question, policy);
  if (policy === 'public' && question.type === 'PTR' && !isPublicReverse(question.name)) return { code: NO_SUCH_NAME };
  const query = encode({ type: 'query', flags: RECURSION_DESIRED, questions: [question], additionals: [EDNS] });
  return asAllowed(decode(await ask(query)), policy);
}

const EDNS: Answer = {
  type: 'OPT',
  name: '.',
  udpPayloadSize: UDP_BYTES,
  extendedRcode: 0,
  ednsVersion: 0,
  flags: 0,
  flag_do: false,
  options: [],
};

/** Who may connect to what is on the server's machine finds it at the gateway. */
function localhost({ name, type }: Question, policy: NetworkPolicy): Answered {
  if (policy !== 'all') return { code: NO_SUCH_NAME };
  return { code: 0, answers: type === 'A' ? [{ name, type, ttl: TTL_SECONDS, data: GATEWAY }] : [] };
}

function asAllowed(told: DecodedPacket, policy: NetworkPolicy): Answered {
  const all = told.answers ?? [];
  const answers = all.filter((it) => policy === 'all' || isAllowed(it));
  // A name of which nothing but other names is left leads nowhere.
  if (answers.length < all.length && answers.every(({ type }) => type === 'CNAME')) return { code: NO_SUCH_NAME };
  return { code: (told.flags ?? 0) & 0xf, answers, authorities: told.authorities?.filter(isSoa) ?? [] };
}

function isAllowed(record: Answer): boolean {
  return (record.type !== 'A' && record.type !== 'AAAA') || isPublicAddress(record.data);
}

/** A plain query (OPCODE 0) of the internet for a name that, written anew, is the same bytes. */
function isQuestion({ flags = 0 }: DecodedPacket, { class: klass, name }: Question): boolean {
  const labels = name === '.' ? [] : name.split('.');
  const isHostName = /^[!-~]{1,253}$/.test(name) && labels.every(({ length }) => length >= 1 && length <= 63);
  return (flags & OPCODE) === 0 && klass === 'IN' && isHostName;
}

/** How long a name may be remembered as unknown. */
function isSoa({ type }: Answer): boolean {
  return type === 'SOA';
}

/** Says whether a reverse name (RFC 1035 section 3.5, RFC 3596 section 2.5) is that of a public address. */
function isPublicReverse(name: string): boolean {
  const labels = name.toLowerCase().split('.').reverse();
  if (labels[1] === 'in-addr') return isPublicAddress(labels.slice(2).join('.'));
  if (labels[1] !== 'ip6') return true; // no address: services are listed so (RFC 6763)
  const digits = labels.slice(2).join('');
  return isPublicAddress(digits.replace(/.{4}(?!$)/g, '$&:'));
}

function udpBytesOf(asked: DecodedPacket): number {
  const edns = asked.additionals?.find((it) => it.type === 'OPT');
  return edns ? Math.min(Math.max(edns.udpPayloadSize, PLAIN_UDP_BYTES), UDP_BYTES) : PLAIN_UDP_BYTES;
}

function read(message: Buffer): DecodedPacket | undefined {
  try {
    return decode(message);
  } catch {
    return undefined; // no message of DNS
  }
}

function write(
  asked: DecodedPacket,
  questions: Question[],
  { code, answers = [], authorities = [] }: Answered,
): Buffer {
  const flags = RECURSION_DESIRED | RECURSION_AVAILABLE | code;
  return encode({ id: asked.id ?? 0, type: 'response', flags, questions, answers, authorities });
}
