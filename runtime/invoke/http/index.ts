export { type Exchange, type ExchangeReply, openExchange } from './exchange.ts';
export { WholeReply } from './whole-reply.ts';
