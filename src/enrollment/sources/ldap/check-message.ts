/**
 * The grammar of what a directory answers (RFC 4511), as far as it is asked here. The library that reads the messages
 * believes the lengths in them: one that reaches past its message has it read for ever, so each is checked before.
 */
type Grammar = (reader: Reader) => void;

interface Reader {
  bytes: Buffer;
  at: number;
  end: number;
}

/** A message is none that a directory sends. */
export class MalformedMessage extends Error {
  override name = 'MalformedMessage';
}

const SEQUENCE = 0x30;
const SET = 0x31;
const OCTETS = 0x04;

/** How long a message is, as its first bytes say; null when there are too few of them. Throws {@link MalformedMessage}. */
export function messageLength(bytes: Buffer): number | null {
  if (!bytes.length) return null;
  if (bytes[0] !== SEQUENCE) throw new MalformedMessage();
  const size = readLength(bytes, 1, bytes.length);
  return size && size.at + size.length;
}

/** Throws {@link MalformedMessage} for what is not one whole answer of a directory. */
export function checkMessage(bytes: Buffer): void {
  const whole: Reader = { bytes, at: 0, end: bytes.length };
  enter(whole, SEQUENCE, (message) => {
    value(0x02, 4)(message);
    enter(message, peek(message), answerOf(peek(message)));
    if (message.at < message.end) enter(message, 0xa0, many(sequence(control)));
  });
  if (whole.at !== whole.end) throw new MalformedMessage();
}

function answerOf(tag: number): Grammar {
  if (tag === 0x64) return entry;
  if (tag === 0x73) return many(value(OCTETS));
  // Bind, search done, extended.
  if (tag === 0x61 || tag === 0x65 || tag === 0x78) return result;
  throw new MalformedMessage();
}

function entry(reader: Reader): void {
  value(OCTETS)(reader);
  sequence(
    many(
      sequence((attribute) => {
        value(OCTETS)(attribute);
        enter(attribute, SET, many(value(OCTETS)));
      }),
    ),
  )(reader);
}

function result(reader: Reader): void {
  value(0x0a, 4)(reader);
  value(OCTETS)(reader);
  value(OCTETS)(reader);
  // Referrals and what an extension adds: read by nobody here.
  while (reader.at < reader.end) value(peek(reader))(reader);
}

function control(reader: Reader): void {
  value(OCTETS)(reader);
  if (reader.at < reader.end && peek(reader) === 0x01) value(0x01, 1)(reader);
  if (reader.at < reader.end) value(OCTETS)(reader);
}

function sequence(content: Grammar): Grammar {
  return (reader) => enter(reader, SEQUENCE, content);
}

function many(content: Grammar): Grammar {
  return (reader) => {
    while (reader.at < reader.end) content(reader);
  };
}

function value(tag: number, longest = Infinity): Grammar {
  return (reader) =>
    enter(reader, tag, (inner) => {
      if (inner.end - inner.at > longest) throw new MalformedMessage();
      inner.at = inner.end;
    });
}

/** One element with this tag, whose content is what `content` reads: all of it, and nothing beyond. */
function enter(reader: Reader, tag: number, content: Grammar): void {
  if (peek(reader) !== tag) throw new MalformedMessage();
  const size = readLength(reader.bytes, reader.at + 1, reader.end);
  if (!size || size.at + size.length > reader.end) throw new MalformedMessage();
  const inner: Reader = { bytes: reader.bytes, at: size.at, end: size.at + size.length };
  content(inner);
  if (inner.at !== inner.end) throw new MalformedMessage();
  reader.at = inner.end;
}

function peek(reader: Reader): number {
  if (reader.at >= reader.end) throw new MalformedMessage();
  return reader.bytes[reader.at]!;
}

/** The length at a place and where its content begins; null when it is not all there. LDAP has definite lengths alone. */
function readLength(bytes: Buffer, at: number, end: number): { at: number; length: number } | null {
  if (at >= end) return null;
  const first = bytes[at]!;
  if (first < 0x80) return { at: at + 1, length: first };
  const count = first & 0x7f;
  if (count === 0 || count > 4) throw new MalformedMessage();
  if (at + 1 + count > end) return null;
  return { at: at + 1 + count, length: bytes.readUIntBE(at + 1, count) };
}
