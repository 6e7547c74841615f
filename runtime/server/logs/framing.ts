/** How records are written to a reader. */
export interface Framing {
  /** The media type. */
  readonly type: string;
  /** One record, whole, in one piece. */
  record(json: string, id: number): string;
  /** What keeps the connection alive and says nothing. */
  readonly ping: string;
}

/** Events without a name: the original client drops those that have one, and whatever comes in two pieces. */
const EVENTS: Framing = {
  type: 'text/event-stream; charset=utf-8',
  record: (json, id) => `id: ${id}\ndata: ${json}\n\n`,
  ping: 'event: ping\ndata: {}\n\n',
};

/** A line for each record; an empty one is none. */
const LINES: Framing = { type: 'application/x-ndjson', record: (json) => `${json}\n`, ping: '\n' };

/**
 * Chooses how records are written: as server-sent events where they are asked for, otherwise as lines of JSON.
 *
 * @see protocol reference 6.4, 11.3
 */
export function framingFor(accept: string | undefined): Framing {
  return accept?.toLowerCase().includes('text/event-stream') ? EVENTS : LINES;
}
