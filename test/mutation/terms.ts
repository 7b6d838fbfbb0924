// The terms of a text's predicates: what `&&`, `||`, `!`, a condition or a callback of a list asks. All of them stand in one
// instrumented text, where a number that is set while the test runs says which one holds inverted.
import ts from 'typescript'

const { SyntaxKind: Kind } = ts
const logical: readonly ts.SyntaxKind[] = [Kind.AmpersandAmpersandToken, Kind.BarBarToken]
const comparing: readonly ts.SyntaxKind[] = [
  Kind.LessThanToken,
  Kind.LessThanEqualsToken,
  Kind.GreaterThanToken,
  Kind.GreaterThanEqualsToken,
  Kind.EqualsEqualsEqualsToken,
  Kind.ExclamationEqualsEqualsToken,
]
const asking = ['some', 'every', 'includes', 'has', 'endsWith', 'startsWith']

/** What a connection shows, for each row of the decision table. */
export const mutated = 'packages/answers/src/why/predicates.ts'

export interface Term {
  /** What at the top of the file it is in. */
  readonly in: string
  readonly text: string
  /** Of several that are the same. @default 0 */
  readonly nth?: number
}

interface Found extends Term {
  readonly line: number
  readonly node: ts.Node
}

/** The terms of a text, in its order. */
export function termsOf(text: string): { readonly source: ts.SourceFile; readonly terms: readonly Found[] } {
  const source = ts.createSourceFile('terms.ts', text, ts.ScriptTarget.Latest, true)
  const terms: Found[] = []
  const seen = new Map<string, number>()
  visit(source)
  return { source, terms }

  function visit(node: ts.Node) {
    if (ts.isTypeNode(node)) return
    if (isTerm(node)) {
      const term = { in: nameOf(node), text: node.getText(source).replace(/\s+/g, ' ') }
      const key = keyOf(term)
      const nth = seen.get(key) ?? 0
      seen.set(key, nth + 1)
      const line = source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1
      terms.push({ ...term, ...(nth > 0 && { nth }), line, node })
    }
    ts.forEachChild(node, visit)
  }
}

/** What stays the same when lines move. */
export const keyOf = ({ in: where, text, nth }: Term): string => JSON.stringify([where, text, nth ?? 0])

/** The text with a switch around each of its terms. */
export function instrument(text: string): string {
  const { source, terms } = termsOf(text)
  const numbers = new Map(terms.map(({ node }, number) => [node, number] as const))
  return render(source, 0)

  function render(node: ts.Node, from = node.getStart(source)): string {
    let code = ''
    let at = from
    const children: ts.Node[] = []
    if (!ts.isTypeNode(node)) ts.forEachChild(node, (child) => void children.push(child))
    for (const child of children.sort((one, other) => one.pos - other.pos)) {
      code += text.slice(at, child.getStart(source)) + render(child)
      at = child.end
    }
    code += text.slice(at, node.end)
    const number = numbers.get(node)
    return number === undefined ? code : `__terms.asked(${number}, (${code}))`
  }
}

function isTerm(node: ts.Node): boolean {
  if (!ts.isExpression(node) || ts.isParenthesizedExpression(node) || isLogical(node)) return false
  let { parent } = node
  while (ts.isParenthesizedExpression(parent)) parent = parent.parent
  if (isLogical(parent) || (ts.isConditionalExpression(parent) && inside(parent.condition, node))) return true
  if (ts.isIfStatement(parent)) return inside(parent.expression, node)
  const isResult = ts.isReturnStatement(parent) || (ts.isArrowFunction(parent) && inside(parent.body, node))
  return isResult && isQuestion(node)
}

const inside = (outer: ts.Node, node: ts.Node) => outer.pos <= node.pos && node.end <= outer.end

const isLogical = (node: ts.Node) => ts.isBinaryExpression(node) && logical.includes(node.operatorToken.kind)

function isQuestion(node: ts.Expression): boolean {
  if (ts.isBinaryExpression(node)) return comparing.includes(node.operatorToken.kind)
  if (ts.isPrefixUnaryExpression(node)) return node.operator === Kind.ExclamationToken
  if (!ts.isCallExpression(node)) return false
  return ts.isPropertyAccessExpression(node.expression) && asking.includes(node.expression.name.text)
}

/** Of what stands at the top of the file. */
function nameOf(node: ts.Node): string {
  let top = node
  while (!ts.isSourceFile(top.parent)) top = top.parent
  const declared = ts.isVariableStatement(top) ? top.declarationList.declarations[0] : top
  return declared && (ts.isVariableDeclaration(declared) || ts.isFunctionDeclaration(declared))
    ? (declared.name?.getText() ?? '')
    : ''
}
