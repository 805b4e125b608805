import { readCases } from './cases.js';
import { h, problem } from './dom.js';
import { ask } from './graphql.js';
import { SIGN_IN_QUERY, signedIn } from './signed-in.js';
import { peopleToTry, waysToSignIn } from './signed-out.js';

const main = document.getElementById('main');
const hero = document.getElementById('hero');
const page = document.getElementById('page');
const outcomes = new Map();

/** Reads who is here and shows what is for them. Whatever goes wrong is said in words. */
async function show() {
  let content;
  let isSignedIn = false;
  try {
    const [answer, people] = await Promise.all([ask(SIGN_IN_QUERY), readPeople()]);
    isSignedIn = Boolean(answer.data?.viewer);
    content = isSignedIn
      ? signedIn({ answer, cases: await readCases(), people, outcomes, refresh: show })
      : [people ? peopleToTry(people) : await waysToSignIn()];
    if (answer.errors)
      content.unshift(problem('Not everything could be read.', answer.errors.map(({ message }) => message).join(' ')));
  } catch (error) {
    content = [
      problem(
        'This page could not be read.',
        error.message,
        h('button', { class: 'button quiet', onclick: show }, 'Try again'),
      ),
    ];
  }
  hero.hidden = isSignedIn;
  page.replaceChildren(...content.filter(Boolean));
  main.classList.remove('undecided');
}

/** The people of the demonstration; null where there is none. */
async function readPeople() {
  const response = await fetch('/demo/people', { headers: { accept: 'application/json' } }).catch(() => null);
  return response?.ok ? response.json() : null;
}

await show();
