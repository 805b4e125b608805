import { partsReader } from './parts.js';
import { type Reader, NOTHING, refused, textReader } from './text.js';

const LONGEST_URL = 2048;
/** 1 TiB. */
const LARGEST_FILE = 2 ** 40;

const NAME = '[a-z0-9][a-z0-9!#$&^_.+-]{0,126}';
const MEDIA_TYPE = new RegExp(`^${NAME}/${NAME}$`);
const ALLOWED_MEDIA_TYPE = new RegExp(`^${NAME}/(${NAME}|\\*)$`);

/** Whether it can stand among the media types that a definition allows: `application/pdf`, `image/*`. */
export function isAllowableMediaType(text: string): boolean {
  return ALLOWED_MEDIA_TYPE.test(text);
}

/**
 * Reads where files are and how they are known again, of some media types; none: of any. The content never comes here:
 * `url` is https, `size` is in bytes, `sha256` that of the content in hex.
 */
export function fileReader(mediaTypes: readonly string[]): Reader<Record<string, unknown>> {
  return partsReader({
    readers: {
      name: readName,
      url: readUrl,
      mediaType: mediaTypeReader(mediaTypes),
      size: readSize,
      sha256: readDigest,
    },
    required: ['name', 'url', 'mediaType', 'size', 'sha256'],
  });
}

/** Text that is changed or refused further; null refuses it. */
function refine(longest: number, says: string, change: (text: string) => string | null): Reader<string> {
  const readLine = textReader({ longest });
  return (given, name, at) => {
    const read = readLine(given, name, at);
    if (read.value === undefined) return read;
    const value = change(read.value);
    return value === null ? refused(`${name} is ${says}.`, at) : { value, faults: [] };
  };
}

const readName = refine(255, 'the name of a file, without a folder', (text) => (/[/\\]/.test(text) ? null : text));

const readUrl = refine(LONGEST_URL, 'an https URL without credentials', (text) => {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isFine = url?.protocol === 'https:' && !url.username && !url.password && url.href.length <= LONGEST_URL;
  return isFine ? url.href : null;
});

const readDigest = refine(64, '64 hexadecimal digits', (text) =>
  /^[0-9a-f]{64}$/i.test(text) ? text.toLowerCase() : null,
);

const mediaTypeReader = (allowed: readonly string[]): Reader<string> =>
  refine(255, allowed.length ? `one of ${allowed.join(', ')}` : 'a media type, such as application/pdf', (text) => {
    const type = text.toLowerCase();
    const isAllowed =
      !allowed.length || allowed.some((one) => one === type || one === `${type.slice(0, type.indexOf('/'))}/*`);
    return MEDIA_TYPE.test(type) && isAllowed ? type : null;
  });

const readSize: Reader<number> = (given, name, at) => {
  if (given === undefined || given === null) return NOTHING;
  const isSize = typeof given === 'number' && Number.isInteger(given) && given >= 0 && given <= LARGEST_FILE;
  return isSize
    ? { value: given + 0, faults: [] }
    : refused(`${name} is a number of bytes, at most ${LARGEST_FILE}.`, at);
};
