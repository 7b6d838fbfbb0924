// The mutants of a file: each is one node of its syntax tree with another text. All of them stand in one instrumented
// text, where a number that is set while the tests run says which one holds. So a file is read once for all its mutants.
import { createHash } from 'node:crypto'
import ts from 'typescript'

const { SyntaxKind: Kind } = ts
const swapped = new Map([
  [Kind.LessThanToken, ['<=', '>=']],
  [Kind.LessThanEqualsToken, ['<', '>']],
  [Kind.GreaterThanToken, ['>=', '<=']],
  [Kind.GreaterThanEqualsToken, ['>', '<']],
  [Kind.EqualsEqualsEqualsToken, ['!==']],
  [Kind.ExclamationEqualsEqualsToken, ['===']],
  [Kind.AmpersandAmpersandToken, ['||']],
  [Kind.BarBarToken, ['&&']],
])
const otherMethods = new Map([
  ['min', 'max'],
  ['max', 'min'],
  ['some', 'every'],
  ['every', 'some'],
])

/** The mutants of a text, in its order: `{ file, in, rule, text, to, nth, line }`, and the node of each. */
export function mutantsOf(file, text) {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)
  const mutants = []
  const seen = new Map()
  const add = (node, rule, to, replacement = to) => {
    const [before, after] = shown(node, to, source)
    const mutant = { file, in: nameOf(node), rule, text: oneLine(before), to: oneLine(after) }
    const key = keyOf(mutant)
    const nth = seen.get(key) ?? 0
    seen.set(key, nth + 1)
    const line = source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1
    mutants.push({ ...mutant, ...(nth > 0 && { nth }), line, node, replacement })
  }
  visit(source, false)
  return { source, mutants }

  function visit(node, inFunction) {
    // What a text says is no matter of delivery.
    if (ts.isTemplateExpression(node)) return
    if (ts.isTypeNode(node) || ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) return
    if (inFunction) mutate(node, add, source)
    if (ts.isArrowFunction(node) && !ts.isBlock(node.body)) returned(node.body, add, source)
    ts.forEachChild(node, (child) => visit(child, inFunction || ts.isFunctionLike(node)))
  }
}

/** What stays the same when lines move. */
export const keyOf = ({ file, in: where, rule, text, to, nth }) =>
  JSON.stringify([file, where, rule, text, to, nth ?? 0])

/** The same for every run: a tenth is 0 to 9. */
export const tenthOf = (mutant) => createHash('sha256').update(keyOf(mutant)).digest().readUInt32BE(0) % 10

function mutate(node, add, source) {
  const text = (part) => part.getText(source)
  const { parent } = node
  if (isDroppable(node)) {
    // Alone behind an `if`, it goes with the condition that is false.
    if (!isOnlyOfIf(node)) add(node, 'drop', '')
  } else if (ts.isReturnStatement(node) && node.expression) returned(node.expression, add, source)
  else if (ts.isCatchClause(node)) {
    const [first, second] = node.block.statements
    // Alone, a call goes as one that is dropped, and `return undefined` swallows the error already.
    if (first && (second || !(isDroppable(first) || /^return( undefined)?$/.test(text(first)))))
      add(node.block, 'swallow', '{}')
  } else if (ts.isAwaitExpression(node)) add(node, 'await', text(node.expression))
  else if (ts.isBinaryExpression(node)) {
    const { operatorToken, left, right } = node
    const logical = operatorToken.kind === Kind.AmpersandAmpersandToken || operatorToken.kind === Kind.BarBarToken
    const all = swapped.get(operatorToken.kind) ?? []
    // As a condition it is forced below, which is more than the opposite of it.
    const operators = isCondition(node) && !logical ? all.slice(0, all.length - 1) : all
    for (const operator of operators)
      add(
        node,
        logical ? 'logical' : 'compare',
        `${text(left)} ${operator} ${text(right)}`,
        `(${text(left)}) ${operator} (${text(right)})`,
      )
  } else if (ts.isPrefixUnaryExpression(node) && node.operator === Kind.ExclamationToken && !isCondition(node))
    add(node, 'negate', text(node.operand))
  else if (ts.isNumericLiteral(node) && (node.text === '0' || node.text === '1') && parent.name !== node)
    add(node, 'number', String(Number(node.text) + 1))
  else if ((node.kind === Kind.TrueKeyword || node.kind === Kind.FalseKeyword) && !ts.isLiteralTypeNode(parent))
    add(node, 'boolean', node.kind === Kind.TrueKeyword ? 'false' : 'true')
  else if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
    const { expression, name } = node.expression
    const other = otherMethods.get(name.text)
    if (other && (!other.startsWith('m') || text(expression) === 'Math'))
      add(node, 'method', `${text(expression)}.${other}(${node.arguments.map(text).join(', ')})`)
  }
  if (isCondition(node) && node.kind !== Kind.TrueKeyword && node.kind !== Kind.FalseKeyword) {
    if (!ts.isWhileStatement(parent) && !ts.isDoStatement(parent) && !ts.isForStatement(parent))
      add(node, 'condition', 'true')
    add(node, 'condition', 'false')
  }
}

function returned(expression, add, source) {
  const value = expression.getText(source)
  const bare = ts.isParenthesizedExpression(expression) ? expression.expression : expression
  if (isTruth(bare)) {
    add(expression, 'return', 'true')
    add(expression, 'return', 'false')
  } else if (value !== 'undefined' && bare.kind !== Kind.TrueKeyword && bare.kind !== Kind.FalseKeyword)
    add(expression, 'return', 'undefined')
}

function isTruth(node) {
  if (ts.isPrefixUnaryExpression(node)) return node.operator === Kind.ExclamationToken
  if (!ts.isBinaryExpression(node)) return false
  const { kind } = node.operatorToken
  return (
    (swapped.has(kind) && kind !== Kind.AmpersandAmpersandToken && kind !== Kind.BarBarToken) ||
    kind === Kind.InKeyword ||
    kind === Kind.InstanceOfKeyword
  )
}

const isDroppable = (node) =>
  (ts.isExpressionStatement(node) &&
    !(ts.isCallExpression(node.expression) && node.expression.expression.kind === Kind.SuperKeyword)) ||
  ts.isThrowStatement(node) ||
  ts.isBreakOrContinueStatement(node)

function isOnlyOfIf(node) {
  const { parent } = node
  const branch = ts.isBlock(parent) && parent.statements.length === 1 ? parent : node
  return ts.isIfStatement(branch.parent) && branch.parent.thenStatement === branch && !branch.parent.elseStatement
}

function isCondition(node) {
  const { parent } = node
  return (
    ((ts.isIfStatement(parent) || ts.isWhileStatement(parent) || ts.isDoStatement(parent)) &&
      parent.expression === node) ||
    ((ts.isConditionalExpression(parent) || ts.isForStatement(parent)) && parent.condition === node)
  )
}

function nameOf(node) {
  const names = []
  for (let at = node.parent; at; at = at.parent) {
    const named =
      ts.isFunctionLike(at) || ts.isVariableDeclaration(at) || ts.isPropertyAssignment(at) || ts.isClassDeclaration(at)
    const name = named && at.name?.getText()
    if (name && !/[{[]/.test(name)) names.unshift(name)
  }
  return names.join('.')
}

/** A bare `0` or `true` says little: the expression that it is in tells more. */
function shown(node, to, source) {
  const isBare = ts.isNumericLiteral(node) || node.kind === Kind.TrueKeyword || node.kind === Kind.FalseKeyword
  const part = isBare ? node.parent : node
  const text = part.getText(source)
  const start = node.getStart(source) - part.getStart(source)
  return [text, text.slice(0, start) + to + text.slice(start + node.getText(source).length)]
}

function oneLine(text) {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length > 160 ? `${line.slice(0, 159)}…` : line
}

/**
 * The file with all its mutants in it, and with its loops counted. `first` is the number of its first mutant.
 */
export function instrument(file, text, first) {
  const { source, mutants } = mutantsOf(file, text)
  const ofNode = new Map()
  for (const [index, mutant] of mutants.entries()) {
    const of = ofNode.get(mutant.node)
    if (of) of.push({ ...mutant, id: first + index })
    else ofNode.set(mutant.node, [{ ...mutant, id: first + index }])
  }
  return render(source, 0)

  function render(node, from = node.getStart(source)) {
    let code = ''
    let at = from
    const children = []
    if (!ts.isTypeNode(node)) ts.forEachChild(node, (child) => void children.push(child))
    for (const child of children.sort((a, b) => a.pos - b.pos)) {
      const start = child.getStart(source)
      code += text.slice(at, start)
      const isBody = ts.isIterationStatement(node, false) && child === node.statement
      code += isBody ? `{__mutation.loop();${render(child)}}` : render(child)
      at = child.end
    }
    code += text.slice(at, node.end)
    for (const { id, rule, replacement } of ofNode.get(node) ?? []) {
      if (rule === 'drop') code = `{if (!__mutation.is(${id})) {${code}}}`
      else if (rule === 'swallow') code = `{if (!__mutation.is(${id})) ${code}}`
      else code = `(__mutation.is(${id}) ? (${replacement}) : (${code}))`
    }
    return code
  }
}
