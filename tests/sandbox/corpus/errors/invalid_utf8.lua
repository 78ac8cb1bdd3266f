-- expect: FAILED
-- why: a message that is no text
function Run() error("\255\254\128\192\175\237\160\128", 0) end
