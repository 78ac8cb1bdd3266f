coroutine.yield()
return {}
