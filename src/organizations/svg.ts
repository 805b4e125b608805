import sanitizeHtml, { type Attributes, type Tag } from 'sanitize-html';

/** What an SVG logo is drawn with. Nothing that runs, moves, links, or brings in HTML. */
const ELEMENTS = [
  ...['svg', 'g', 'defs', 'symbol', 'use', 'title', 'desc', 'switch'],
  ...['path', 'rect', 'circle', 'ellipse', 'line', 'polyline', 'polygon', 'text', 'tspan', 'textPath', 'image'],
  ...['linearGradient', 'radialGradient', 'stop', 'pattern', 'clipPath', 'mask', 'marker', 'filter'],
  ...['feBlend', 'feColorMatrix', 'feComponentTransfer', 'feComposite', 'feConvolveMatrix', 'feDiffuseLighting'],
  ...['feDisplacementMap', 'feDistantLight', 'feDropShadow', 'feFlood', 'feFuncA', 'feFuncB', 'feFuncG', 'feFuncR'],
  ...['feGaussianBlur', 'feMerge', 'feMergeNode', 'feMorphology', 'feOffset', 'fePointLight', 'feSpecularLighting'],
  ...['feSpotLight', 'feTile', 'feTurbulence'],
];

/** Attributes that say where something is and how it looks. Beside them: `href` and `xlink:href`, within the file. */
const ATTRIBUTES = [
  ...['xmlns', 'xmlns:xlink', 'version', 'id', 'href', 'xlink:href', 'viewBox', 'preserveAspectRatio', 'style'],
  ...['x', 'y', 'x1', 'y1', 'x2', 'y2', 'cx', 'cy', 'r', 'rx', 'ry', 'fx', 'fy', 'fr', 'dx', 'dy', 'width', 'height'],
  ...['d', 'points', 'transform', 'pathLength', 'offset', 'rotate', 'lengthAdjust', 'textLength', 'startOffset'],
  ...['gradientUnits', 'gradientTransform', 'spreadMethod', 'patternUnits', 'patternContentUnits', 'patternTransform'],
  ...['clipPathUnits', 'maskUnits', 'maskContentUnits', 'markerUnits', 'markerWidth', 'markerHeight', 'refX', 'refY'],
  ...['orient', 'filterUnits', 'primitiveUnits', 'in', 'in2', 'result', 'mode', 'type', 'values', 'tableValues'],
  ...['slope', 'intercept', 'amplitude', 'exponent', 'operator', 'k1', 'k2', 'k3', 'k4', 'order', 'kernelMatrix'],
  ...['divisor', 'bias', 'targetX', 'targetY', 'edgeMode', 'preserveAlpha', 'surfaceScale', 'diffuseConstant'],
  ...['specularConstant', 'specularExponent', 'scale', 'xChannelSelector', 'yChannelSelector', 'azimuth', 'elevation'],
  ...['z', 'pointsAtX', 'pointsAtY', 'pointsAtZ', 'limitingConeAngle', 'stdDeviation', 'radius', 'baseFrequency'],
  ...['numOctaves', 'seed', 'stitchTiles', 'role', 'aria-label', 'aria-hidden', 'xml:space'],
  ...['fill', 'fill-opacity', 'fill-rule', 'stroke', 'stroke-width', 'stroke-opacity', 'stroke-linecap'],
  ...['stroke-linejoin', 'stroke-miterlimit', 'stroke-dasharray', 'stroke-dashoffset', 'color', 'opacity', 'display'],
  ...['visibility', 'overflow', 'clip-path', 'clip-rule', 'mask', 'filter', 'marker-start', 'marker-mid', 'marker-end'],
  ...['stop-color', 'stop-opacity', 'flood-color', 'flood-opacity', 'lighting-color', 'color-interpolation'],
  ...['color-interpolation-filters', 'paint-order', 'vector-effect', 'shape-rendering', 'text-rendering'],
  ...['image-rendering', 'mix-blend-mode', 'isolation', 'enable-background', 'font-family', 'font-size', 'font-style'],
  ...['font-weight', 'font-variant', 'font-stretch', 'letter-spacing', 'word-spacing', 'text-anchor'],
  ...['text-decoration', 'dominant-baseline', 'alignment-baseline', 'baseline-shift', 'direction', 'writing-mode'],
];

const SVG = 'http://www.w3.org/2000/svg';
const XLINK = 'http://www.w3.org/1999/xlink';
/** A picture inside the picture, of a type that runs nothing. */
const EMBEDDED = /^data:image\/(png|jpeg|webp);base64,[A-Za-z0-9+/=\s]+$/;
/** `url(…)` of anything but an element of the same file, in whatever way CSS lets it be written; `@import` and the like. */
const REFERS_OUTSIDE =
  /url\s*\((?!\s*(?<quote>["']?)#[\w.:-]+\k<quote>\s*\))|\\|@|image-set|(src|image)\s*\(|\/\/|expression|-moz-binding|(java|vb)script:/i;

const OPTIONS = {
  allowedTags: ELEMENTS,
  allowedAttributes: { '*': ATTRIBUTES },
  disallowedTagsMode: 'completelyDiscard',
  allowedSchemes: [],
  allowedSchemesByTag: { image: ['data'] },
  allowProtocolRelative: false,
  allowVulnerableTags: false,
  parseStyleAttributes: false,
  selfClosing: [],
  parser: { xmlMode: true, decodeEntities: true, lowerCaseTags: false, lowerCaseAttributeNames: false },
  transformTags: {
    // A link shows what is in it, and leads nowhere.
    a: () => ({ tagName: 'g', attribs: {} }),
    '*': (tagName: string, attribs: Attributes): Tag => ({ tagName, attribs: harmless(tagName, attribs) }),
  },
} satisfies sanitizeHtml.IOptions;

/**
 * The SVG with what an image may have, and nothing that runs, asks elsewhere, or leads elsewhere; null when it is no
 * SVG, or not well-formed.
 */
export function sanitizeSvg(content: Uint8Array): string | null {
  const text = decode(content);
  if (text === null || !looksLikeSvg(content) || !isWellFormed(text)) return null;
  const clean = sanitizeHtml(text, OPTIONS).trim();
  return /^<svg[\s>]/.test(clean) && isWellFormed(clean) ? clean : null;
}

/** Whether it is meant as an SVG: text whose first element is `svg`. */
export function looksLikeSvg(content: Uint8Array): boolean {
  const text = Buffer.from(content).toString('utf8');
  let position = text.startsWith('\uFEFF') ? 1 : 0;
  while (position < text.length) {
    TOKEN.lastIndex = position;
    const token = TOKEN.exec(text);
    if (!token) return /^<svg\b/i.test(text.slice(position, position + 5));
    if (token.groups!.opened) return token.groups!.opened.toLowerCase() === 'svg';
    if (token.groups!.text?.trim()) return false;
    position = TOKEN.lastIndex;
  }
  return false;
}

function decode(content: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(content);
  } catch {
    return null;
  }
}

function harmless(tagName: string, attribs: Attributes): Attributes {
  const kept = Object.entries(attribs).filter(([name, value]) => value !== '' && isHarmless(tagName, name, value));
  return { ...Object.fromEntries(kept), ...(tagName === 'svg' ? { xmlns: SVG } : {}) };
}

function isHarmless(tagName: string, name: string, value: string): boolean {
  if (name === 'href' || name === 'xlink:href')
    return /^#[\w.:-]+$/.test(value) || (tagName === 'image' && EMBEDDED.test(value));
  if (name.startsWith('xmlns')) return name === 'xmlns' ? value === SVG : value === XLINK;
  return !REFERS_OUTSIDE.test(value);
}

/** What a document is made of. A doctype with declarations of its own is none of it. */
const TOKEN =
  /<!--(?:(?!--)[\s\S])*-->|<!\[CDATA\[[\s\S]*?\]\]>|<\?[\s\S]*?\?>|<!DOCTYPE[^[\]<>]*>|<\/(?<closed>[\w.:-]+)\s*>|<(?<opened>[\w.:-]+)(?<attributes>(?:\s+[\w.:-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(?<empty>\/?)>|(?<text>[^<]+)/gy;
const REFERENCE = /&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[\da-f]{1,6});)/i;
// eslint-disable-next-line no-control-regex -- these are what XML does not allow
const NOT_XML = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/;
const DEEPEST = 256;

/** Whether the text is XML as far as a logo needs: one element with properly nested others, no entities of its own. */
function isWellFormed(text: string): boolean {
  if (NOT_XML.test(text)) return false;
  const open: string[] = [];
  let roots = 0;
  let position = text.startsWith('\uFEFF') ? 1 : 0;
  while (position < text.length) {
    TOKEN.lastIndex = position;
    const groups = TOKEN.exec(text)?.groups;
    if (!groups) return false;
    position = TOKEN.lastIndex;
    const { closed, opened, attributes = '', empty, text: characters = '' } = groups;
    if (REFERENCE.test(attributes) || REFERENCE.test(characters) || hasTwice(attributes)) return false;
    if (characters.trim() && !open.length) return false;
    if (closed && open.pop() !== closed) return false;
    if (opened) {
      if (!open.length && ++roots > 1) return false;
      if (!empty && open.push(opened) > DEEPEST) return false;
    }
  }
  return roots === 1 && open.length === 0;
}

function hasTwice(attributes: string): boolean {
  const names = [...attributes.matchAll(/\s([\w.:-]+)\s*=\s*(?:"[^"]*"|'[^']*')/g)].map(([, name]) => name);
  return new Set(names).size < names.length;
}
