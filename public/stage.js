import { h, problem } from './dom.js';

/**
 * What a page shows in its element, by turns: `show` replaces it, `button` makes one that does something and lets nobody
 * press another meanwhile, `attempt` says what went wrong and offers to `begin` again.
 */
export function createStage(page, words, begin) {
  const show = (...content) => page.replaceChildren(...content.flat(Infinity).filter(Boolean));

  function button(label, act, isQuiet) {
    const made = h('button', { class: isQuiet ? 'button quiet' : 'button', type: 'button' }, label);
    made.addEventListener('click', async () => {
      for (const other of page.querySelectorAll('button')) other.disabled = true;
      await attempt(act);
    });
    return made;
  }

  async function attempt(act) {
    try {
      await act();
    } catch (error) {
      show(problem(words.failed, error.message, button(words.tryAgain, begin)));
    }
  }

  return { show, button, attempt };
}

/** The ways to sign in, each of which leads back to the address `here`. */
export function waysIn(connections, words, here) {
  if (!connections.length) return h('p', { class: 'note' }, words.noWayIn);
  const link = ({ name, loginUrl }) =>
    h('a', { class: 'button', href: `${loginUrl}?returnTo=${here}` }, words.signInWith(name));
  return h(
    'ul',
    { class: 'ways' },
    connections.map((connection) => h('li', null, link(connection))),
  );
}
