export { type Exchange, type ExchangeReply, openExchange } from './exchange.ts';
export { readHeaders } from './read-headers.ts';
export { WholeReply } from './whole-reply.ts';
