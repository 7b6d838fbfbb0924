import { render } from 'preact'
import { App } from './app.tsx'
import { takeToken } from './ask.ts'

takeToken()
render(<App />, document.getElementById('app')!)
