/** A call of the system, by its number on x64, and its parameters. */
export type SystemCall = readonly [number: number, ...parameters: number[]];

const ADDRESS = 0x400000;
const HEADERS_BYTES = 64 + 56;
const [WRITE, EXIT_GROUP] = [1, 231];
/** `mov edi`, `esi`, `edx`, `r10d`, `r8d` and `r9d`, each of what follows. */
const LOADS = [[0xbf], [0xbe], [0xba], [0x41, 0xba], [0x41, 0xb8], [0x41, 0xb9]];
const STORE_RESULT = [0x89, 0x04, 0x25]; // mov [what follows], eax
const SYSCALL = [0x0f, 0x05];
/** `int 0x80`, at which the kernel takes the numbers of i386. */
const INTERRUPT = [0xcd, 0x80];

/**
 * Makes a program for Linux on x64 that makes calls of the system one after the other, and prints the result of each, 4
 * bytes long. What no program of the machine does can be tried so, with nothing but the program itself.
 *
 * @param data - is behind the code, at {@link dataAddress}
 * @param way - how it enters the kernel
 * @see elf(5)
 */
export function callProgram(calls: readonly SystemCall[], data: Buffer = Buffer.alloc(0), way: 64 | 32 = 64): Buffer {
  const results = ADDRESS + HEADERS_BYTES + codeLength(calls) + data.length;
  const enter = way === 64 ? SYSCALL : INTERRUPT;
  const code = calls.flatMap((call, i) => [...load(call), ...enter, ...STORE_RESULT, ...word(results + 4 * i)]);
  const print = load([WRITE, 1, results, 4 * calls.length, 0, 0, 0]);
  const end = load([EXIT_GROUP, 0, 0, 0, 0, 0, 0]);
  const body = Buffer.concat([Buffer.from([...code, ...print, ...SYSCALL, ...end, ...SYSCALL]), data]);
  return Buffer.concat([headers(body.length, 4 * calls.length), body]);
}

/** Where the data of a program of so many calls is. */
export function dataAddress(calls: readonly unknown[]): number {
  return ADDRESS + HEADERS_BYTES + codeLength(calls);
}

const LOAD_BYTES = 5 + LOADS.flat().length + 4 * LOADS.length;

function codeLength(calls: readonly unknown[]): number {
  return calls.length * (LOAD_BYTES + 2 + STORE_RESULT.length + 4) + 2 * (LOAD_BYTES + 2);
}

function load([number, ...parameters]: SystemCall): number[] {
  return [0xb8, ...word(number), ...LOADS.flatMap((into, at) => [...into, ...word(parameters[at] ?? 0)])];
}

function word(value: number): number[] {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return [...bytes];
}

/** Of a file that is one piece, to be read, written and run, and that has room for the results behind it. */
function headers(bodyBytes: number, resultBytes: number): Buffer {
  const bytes = Buffer.alloc(HEADERS_BYTES);
  const size = HEADERS_BYTES + bodyBytes;
  bytes.write('\x7fELF\x02\x01\x01', 'latin1'); // 64 bits, the lowest byte first
  for (const [at, value] of [
    [16, 2], // it can be run
    [18, 62], // on x64
    [52, 64],
    [54, 56],
    [56, 1],
  ] as const)
    bytes.writeUInt16LE(value, at);
  for (const [at, value] of [
    [20, 1],
    [24, ADDRESS + HEADERS_BYTES],
    [32, 64],
    [80, ADDRESS],
    [88, ADDRESS],
    [96, size],
    [104, size + resultBytes],
    [112, 0x1000],
  ] as const)
    bytes.writeUInt32LE(value, at);
  bytes.writeUInt32LE(1, 64);
  bytes.writeUInt32LE(7, 68);
  return bytes;
}
