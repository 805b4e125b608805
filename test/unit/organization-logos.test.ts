import { describe, expect, it } from '@jest/globals';
import { readLogoContent } from '../../src/organizations/logo-content.js';
import { sanitizeSvg } from '../../src/organizations/svg.js';
import { ICO, JPEG, makePng, PNG, WEBP } from '../support/pictures.js';

/** What a PNG is beside its padding. */
const FRAME = makePng(1).length - 1;

const clean = (text: string) => sanitizeSvg(Buffer.from(text));
const inSvg = (text: string) =>
  `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">${text}</svg>`;

describe('[ORG-38] an SVG keeps what it is drawn with', () => {
  it.each([
    [
      'paths and gradients',
      '<linearGradient id="a"><stop offset="0" stop-color="#fff"></stop></linearGradient><path d="M0 0h9" fill="url(#a)"></path>',
    ],
    [
      'clips, masks and uses of its own',
      '<clipPath id="c"><rect width="1" height="1"></rect></clipPath><g clip-path="url(#c)"><use xlink:href="#s" href="#s"></use></g>',
    ],
    ['text', '<text x="1" y="2" font-family="Marianne, sans-serif">République &amp; &lt;nous&gt;</text>'],
    ['styles', '<path style="fill:#e1000f;clip-path:url(#c)" d="M0 0"></path>'],
    ['a picture inside', '<image href="data:image/png;base64,iVBORw0KGgo=" width="1" height="1"></image>'],
  ])('%s', (_name, inner) => {
    expect(clean(inSvg(inner))).toBe(inSvg(inner));
  });

  it('also behind a declaration, a doctype and comments, and gets its namespace where it lacks it', () => {
    const head = '\uFEFF<?xml version="1.0" encoding="UTF-8"?>\n<!-- made by hand -->\n';
    const doctype =
      '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">';
    expect(clean(`${head}${doctype}<svg viewBox="0 0 1 1"><path d="M0 0"/></svg>\n`)).toBe(
      '<svg viewBox="0 0 1 1" xmlns="http://www.w3.org/2000/svg"><path d="M0 0"></path></svg>',
    );
  });
});

describe('[ORG-38] an SVG loses what runs, moves, leads or asks elsewhere', () => {
  it.each([
    ['<script>alert(1)</script>'],
    ['<script href="https://evil.test/x.js"/>'],
    ['<SCRIPT>alert(1)</SCRIPT>'],
    ['<x:script xmlns:x="http://www.w3.org/1999/xhtml">alert(1)</x:script>'],
    ['<g onclick="alert(1)" onload="alert(1)" OnMouseOver="alert(1)"/>'],
    ['<foreignObject><iframe xmlns="http://www.w3.org/1999/xhtml" src="https://evil.test"/></foreignObject>'],
    ['<a href="javascript:alert(1)" xlink:href="javascript:alert(1)"><path d="M0 0"/></a>'],
    ['<a href="https://evil.test"><path d="M0 0"/></a>'],
    ['<use href="https://evil.test/x.svg#a"/>'],
    ['<use xlink:href="data:image/svg+xml;base64,PHN2Zz4=#a"/>'],
    ['<image href="https://evil.test/x.png"/>'],
    ['<image xlink:href="data:image/svg+xml;base64,PHN2Zz4="/>'],
    ['<image href="//evil.test/x.png"/>'],
    ['<path fill="url(https://evil.test/x)" d="M0 0"/>'],
    ['<path fill="url( &quot;//evil.test/x&quot; )" d="M0 0"/>'],
    ['<path style="fill:url(https://evil.test/x)" d="M0 0"/>'],
    ['<path style="background:u\\72l(https://evil.test/x)" d="M0 0"/>'],
    ['<path style="mask:image-set(&quot;https://evil.test/x&quot; 1x)" d="M0 0"/>'],
    ['<style>@import url(https://evil.test/x.css);</style>'],
    ['<style>path { fill: url(https://evil.test/x) }</style>'],
    ['<set attributeName="href" to="javascript:alert(1)"/>'],
    ['<animate attributeName="xlink:href" values="javascript:alert(1)"/>'],
    ['<iframe src="https://evil.test"/>'],
    ['<embed src="https://evil.test"/>'],
    ['<object data="https://evil.test"/>'],
    ['<handler type="application/ecmascript">alert(1)</handler>'],
    ['<feImage href="https://evil.test/x.png"/>'],
    ['<![CDATA[<script>alert(1)</script>]]>'],
    ['<?xml-stylesheet href="https://evil.test/x.css"?>'],
    ['<!-- --><path d="M0 0" id="javascript:alert(1)"/>'],
    ['<path d="M0 0" xml:base="https://evil.test/"/>'],
    ['<path d="M0 0" xmlns:evil="https://evil.test/"/>'],
    ['<g href="&#106;avascript:alert(1)"/>'],
  ])('%s', (inner) => {
    const result = clean(inSvg(inner));
    expect(result).not.toBeNull();
    expect(result).not.toMatch(
      /evil|<script|<SCRIPT|javascript|alert\(1\)"| on\w+=|foreignObject|<a[ >]|data:image\/svg/i,
    );
  });
});

describe('[ORG-38] what is no well-formed SVG is refused', () => {
  it.each([
    ['an end that is missing', '<svg><path d="M0 0"></svg>'],
    ['ends in another order', '<svg><g><path></g></path></svg>'],
    ['two roots', '<svg/><svg/>'],
    ['text beside it', '<svg/>alert(1)'],
    ['another root', '<html><svg/></html>'],
    ['an attribute without quotes', '<svg width=1/>'],
    ['an attribute twice', '<svg width="1" width="2"/>'],
    ['an entity of its own', '<!DOCTYPE svg [<!ENTITY a "b">]><svg>&a;</svg>'],
    ['an entity that nobody declared', '<svg>&nbsp;</svg>'],
    ['a prefix', '<s:svg xmlns:s="http://www.w3.org/2000/svg"/>'],
    ['a control character', '<svg>\u0001</svg>'],
    ['another namespace as the root', '<SVG/>'],
    ['no end at all', '<svg><'],
    ['very deep nesting', `<svg>${'<g>'.repeat(300)}${'</g>'.repeat(300)}</svg>`],
    ['nothing', ''],
  ])('%s', (_name, text) => {
    expect(clean(text)).toBeNull();
  });

  it('text that is not UTF-8', () => {
    expect(sanitizeSvg(Buffer.from('<svg><title>\xe9</title></svg>', 'latin1'))).toBeNull();
    expect(sanitizeSvg(Buffer.from('\uFEFF<svg/>', 'utf16le'))).toBeNull();
  });

  it('does not take long over what is made to take long', () => {
    const began = performance.now();
    for (const text of [
      `<svg ${'a '.repeat(100_000)}`,
      `<svg ${'a="b" '.repeat(60_000)}`,
      `<svg>${'<'.repeat(400_000)}`,
      `<!--${'-'.repeat(400_000)}`,
      `<svg fill="${'url( '.repeat(80_000)}"/>`,
      `${' '.repeat(400_000)}<svg`,
      `${'<!---->'.repeat(50_000)}<svx`,
    ]) {
      clean(text);
      readLogoContent(Buffer.from(text).toString('base64'));
    }
    expect(performance.now() - began).toBeLessThan(5_000);
  });
});

describe('[ORG-38] what a picture is, is decided by what is in it', () => {
  const read = (content: Buffer) => {
    const result = readLogoContent(content.toString('base64'));
    return 'mediaType' in result ? result.mediaType : result.code;
  };

  it.each([
    ['PNG', PNG, 'image/png'],
    ['JPEG', JPEG, 'INVALID'],
    ['WebP', WEBP, 'INVALID'],
    ['SVG', Buffer.from('<svg/>'), 'image/svg+xml'],
    ['ICO', ICO, 'INVALID'],
    ['a damaged PNG', PNG.subarray(0, 40), 'INVALID'],
    ['a PNG of nothing', Buffer.concat([PNG.subarray(0, 16), Buffer.alloc(8), PNG.subarray(24)]), 'INVALID'],
    ['GIF', Buffer.from('GIF89a..........'), 'INVALID'],
    ['HTML', Buffer.from('<!doctype html><script>alert(1)</script>'), 'INVALID'],
    ['PDF', Buffer.from('%PDF-1.7'), 'INVALID'],
    ['nothing', Buffer.alloc(0), 'INVALID'],
    ['a PNG of 500000 bytes', makePng(500_000 - FRAME), 'image/png'],
    ['one byte more', makePng(500_001 - FRAME), 'TOO_LONG'],
  ])('%s', (_name, content, expected) => {
    expect(read(content)).toBe(expected);
  });

  it('a PNG loses what is hung on behind it', () => {
    const result = readLogoContent(Buffer.concat([PNG, Buffer.from('<script>')]).toString('base64'));
    expect('content' in result && result.content.equals(PNG)).toBe(true);
  });

  it.each(['%%%', 'AAA', 'A A=', 'data:image/png;base64,AAAA', 'AA-_'])('%s is no base64', (text) => {
    expect(readLogoContent(text)).toMatchObject({ code: 'INVALID', field: ['upload', 'content'] });
  });
});
