export { type Exchange, type ExchangeReply, openExchange } from './exchange.ts';
export { giveBack, lendBuffer, MAX_LENT_BYTES } from './lend-buffer.ts';
export { readHeaders } from './read-headers.ts';
export { WholeReply } from './whole-reply.ts';
