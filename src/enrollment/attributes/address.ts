import { partsReader } from './parts.js';
import { type Reader, refused, textReader } from './text.js';

/** ISO 3166-1 alpha-2: the codes that are officially assigned. */
const COUNTRIES = new Set(
  `AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC
  CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE
  GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM
  KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ
  NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH
  SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG
  VI VN VU WF WS YE YT ZA ZM ZW`.split(/\s+/),
);

const readCode = textReader({ longest: 16 });

const readCountry: Reader<string> = (given, name, at) => {
  const read = readCode(given, name, at);
  if (read.value === undefined) return read;
  const value = read.value.toUpperCase();
  return COUNTRIES.has(value) ? { value, faults: [] } : refused(`${name} is a code of ISO 3166-1, such as FR.`, at);
};

/** Reads a postal address. `street` may have several lines; `country` is a code of ISO 3166-1, as FR. */
export const readAddress = partsReader({
  readers: {
    street: textReader({ longest: 512, isMultiline: true }),
    postalCode: textReader({ longest: 32 }),
    locality: textReader({ longest: 128 }),
    region: textReader({ longest: 128 }),
    country: readCountry,
  },
  required: ['locality', 'country'],
});
