/** Makes an element. Properties that begin with `on` are listeners; `false`, `null` and `undefined` leave a property or child out. */
export function h(tag, properties, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : String(value));
  }
  element.append(
    ...children.flat(Infinity).filter((child) => child !== false && child !== null && child !== undefined),
  );
  return element;
}

/** What went wrong, in a box that screen readers announce. */
export function problem(title, text, ...more) {
  return h('div', { class: 'note problem', role: 'alert' }, h('p', null, h('strong', null, title), ' ', text), more);
}

/** 21130055300016 as people read it: 211 300 553 00016. Anything else is left alone. */
export function spacedSiret(siret) {
  return String(siret ?? '').replace(/^(\d{3})(\d{3})(\d{3})(\d{5})$/, '$1\u00a0$2\u00a0$3\u00a0$4');
}
