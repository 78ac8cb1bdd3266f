---A thread that gives back what it was given.

local tasks, answers = ...

while true do
  answers:push(tasks:demand())
end
