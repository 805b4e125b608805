import {
  type FieldNode,
  type FragmentDefinitionNode,
  GraphQLError,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  type ValidationContext,
  type ASTVisitor,
} from 'graphql';

const DEEPEST = 16;
const MOST_OBJECTS = 50_000;
/** How many objects a list holds when its size is a variable, at most. */
const LARGEST_PAGE = 100;
const USUAL_PAGE = 20;
/** Root fields do work of their own: an operation that asks for very many is refused. */
const MOST_ROOT_FIELDS = 50;

/** Refuses operations that are too deep, or whose nested pages could hold too many objects, before they run. */
export function costLimit(context: ValidationContext): ASTVisitor {
  return {
    OperationDefinition(operation) {
      const measure = new Measure(context);
      const { objects, depth } = measure.selection(operation.selectionSet, 1, 0, true);
      if (measure.rootFields > MOST_ROOT_FIELDS)
        report(context, operation, `asks for more than ${MOST_ROOT_FIELDS} root fields`);
      else if (depth > DEEPEST) report(context, operation, `is more than ${DEEPEST} levels deep`);
      else if (objects > MOST_OBJECTS)
        report(context, operation, `could answer with more than ${MOST_OBJECTS} objects: ask for smaller pages`);
    },
  };
}

function report(context: ValidationContext, node: OperationDefinitionNode, what: string): void {
  context.reportError(
    new GraphQLError(`This operation ${what}.`, { nodes: node, extensions: { code: 'BAD_USER_INPUT' } }),
  );
}

class Measure {
  rootFields = 0;
  private readonly open = new Set<string>();
  /** Fragments may be spread very often: the measuring itself is bounded. */
  private stepsLeft = 20_000;

  constructor(private readonly context: ValidationContext) {}

  selection(set: SelectionSetNode, factor: number, level: number, isRoot: boolean): { objects: number; depth: number } {
    let objects = 0;
    let depth = level;
    for (const selection of set.selections) {
      if (--this.stepsLeft < 0) return { objects: Infinity, depth };
      const inner =
        selection.kind === Kind.FIELD
          ? this.field(selection, factor, level, isRoot)
          : selection.kind === Kind.INLINE_FRAGMENT
            ? this.selection(selection.selectionSet, factor, level, isRoot)
            : this.spread(this.context.getFragment(selection.name.value), factor, level, isRoot);
      objects += inner.objects;
      depth = Math.max(depth, inner.depth);
    }
    return { objects, depth };
  }

  private field(field: FieldNode, factor: number, level: number, isRoot: boolean) {
    if (isRoot) this.rootFields++;
    if (!field.selectionSet || field.name.value.startsWith('__')) return { objects: 0, depth: level + 1 };
    const page = pageSize(field);
    const inner = this.selection(field.selectionSet, factor * page, level + 1, false);
    return { objects: inner.objects + factor * page, depth: inner.depth };
  }

  private spread(fragment: FragmentDefinitionNode | null | undefined, factor: number, level: number, isRoot: boolean) {
    if (!fragment || this.open.has(fragment.name.value)) return { objects: 0, depth: level };
    this.open.add(fragment.name.value);
    const inner = this.selection(fragment.selectionSet, factor, level, isRoot);
    this.open.delete(fragment.name.value);
    return inner;
  }
}

/** How many objects a field hands out: what `first` says, or what a page usually has where there are edges or nodes. */
function pageSize(field: FieldNode): number {
  const first = field.arguments?.find(({ name }) => name.value === 'first')?.value;
  if (first?.kind === Kind.INT) return Math.min(Math.max(Number(first.value), 1), LARGEST_PAGE);
  if (first) return LARGEST_PAGE;
  const isPage = field.selectionSet!.selections.some(
    (selection) => selection.kind === Kind.FIELD && ['edges', 'nodes'].includes(selection.name.value),
  );
  return isPage ? USUAL_PAGE : 1;
}
