import { h } from './dom.js';
import { faultsOf } from './graphql.js';

/** A query and its answer, side by side. What matches `mark` is set off in both. */
export function exchange({ query, answer, mark }) {
  return h(
    'div',
    { class: 'exchange' },
    h('figure', null, h('figcaption', null, 'Query'), code(query, mark?.query)),
    h('figure', null, h('figcaption', null, 'Answer'), code(print(answer), mark?.answer)),
  );
}

/** What came of an operation, in words first; what was sent and what came back is folded below. */
export function outcome({ query, variables, answer, done }) {
  const faults = faultsOf(answer);
  const isRefused = faults.length > 0;
  return h(
    'div',
    { class: `note ${isRefused ? 'problem' : 'success'}`, role: 'status', tabindex: -1 },
    isRefused
      ? faults.map(({ code: name, message }) => h('p', null, h('strong', { class: 'code' }, name), ' ', message))
      : h('p', null, done),
    h(
      'details',
      null,
      h('summary', null, 'The GraphQL of it'),
      code(query),
      code(print(variables)),
      h('p', { class: 'soft' }, 'came back as'),
      code(print(answer)),
    ),
  );
}

export function explorerLink(query) {
  return h(
    'a',
    { class: 'button quiet', href: `/explorer#query=${encodeURIComponent(query)}` },
    'Open in the explorer',
  );
}

/** JSON for reading: lists of words stay on one line. */
function print(value) {
  return JSON.stringify(value, null, 2).replace(
    /\[\s+("\w*"(?:,\s+"\w*")*)\s+\]/g,
    (_list, words) => `[${words.replace(/\s+/g, ' ')}]`,
  );
}

function code(text, mark) {
  const found = mark?.exec(text);
  const parts = found
    ? [text.slice(0, found.index), h('mark', null, found[0]), text.slice(found.index + found[0].length)]
    : [text];
  return h('pre', { tabindex: 0 }, h('code', null, parts));
}
